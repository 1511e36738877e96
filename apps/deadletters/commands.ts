// The commands for dead letters: list them, show one, replay or drop them.
import { parseArgs } from 'node:util';
import type { DeadLetter, DeadLetters } from '../shared/queue/queue.ts';

export const HELP = `Usage: npm run deadletters -- COMMAND [options]

Records that the store refused are kept as dead letters, with the reason.

Commands
  list [--limit N]      lists the oldest N (default 20), one per line
  show ID               shows one letter completely
  replay ID... | --all  returns letters to the queue; the consumer tries to store them again
  drop ID... | --all    deletes letters; this cannot be undone

Options
  --json                machine-readable output (list, show)
  --help                this text

It works on the running local stack. Elsewhere, it works on the queue that the environment names,
with the variables of a consumer (QUEUE_*, REDIS_*, KAFKA_*).`;

/** The command line is invalid: exit status 2. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** Number of letters that `--all` reads at a time. */
const PAGE = 500;

/**
 * Runs one command.
 * @param print prints a line
 * @returns the exit status: 0 done, 1 a letter does not exist
 * @throws UsageError
 */
export async function runCommand(
  argv: readonly string[],
  letters: DeadLetters,
  print: (line: string) => void,
): Promise<number> {
  const { values, positionals } = parse(argv);
  const [command, ...ids] = positionals;
  if (values.help || command === undefined) {
    print(HELP);
    return values.help ? 0 : 2;
  }
  switch (command) {
    case 'list': {
      const found = await letters.list(limitOf(values.limit));
      if (values.json) print(JSON.stringify(found, null, 2));
      else if (found.length === 0) print('no dead letters');
      else for (const letter of found) print(summary(letter));
      return 0;
    }
    case 'show': {
      if (ids.length !== 1) throw new UsageError('show takes one ID, as printed by list');
      const letter = await letters.show(ids[0]!);
      print(
        letter ? (values.json ? JSON.stringify(letter) : JSON.stringify(letter, null, 2)) : `no dead letter ${ids[0]}`,
      );
      return letter ? 0 : 1;
    }
    case 'replay':
    case 'drop': {
      if (values.all === ids.length > 0) throw new UsageError(`${command} takes either IDs or --all`);
      return values.all ? all(command, letters, print) : some(command, ids, letters, print);
    }
    default:
      throw new UsageError(`unknown command ${command}; choose from list, show, replay, drop`);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        limit: { type: 'string', default: '20' },
        all: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError(`--limit must be a whole number from 1, not ${text}`);
  return limit;
}

const DONE = { replay: 'back in the queue', drop: 'dropped' } as const;

async function some(
  command: 'replay' | 'drop',
  ids: readonly string[],
  letters: DeadLetters,
  print: (line: string) => void,
) {
  let missing = 0;
  for (const id of ids) {
    const done = await letters[command](id);
    if (!done) missing++;
    print(`${id}: ${done ? DONE[command] : 'no such dead letter'}`);
  }
  return missing > 0 ? 1 : 0;
}

/** Handles the letters that exist now. A replayed letter that fails again is not replayed twice. */
async function all(command: 'replay' | 'drop', letters: DeadLetters, print: (line: string) => void): Promise<number> {
  const startedAt = new Date().toISOString();
  let count = 0;
  for (;;) {
    const page = (await letters.list(PAGE)).filter(({ failedAt }) => failedAt <= startedAt);
    let done = 0;
    for (const { id } of page) if (await letters[command](id)) done++;
    count += done;
    // A letter that cannot be handled, unreadable or gone meanwhile, must not cause an endless
    // loop.
    if (page.length < PAGE || done === 0) break;
  }
  print(`${count} ${DONE[command]}`);
  return 0;
}

const summary = ({ id, failedAt, reason, record }: DeadLetter): string =>
  `${id}  ${failedAt}  ${record._id || '(no record)'}  ${record.origin}  ${reason.slice(0, 120)}`;
