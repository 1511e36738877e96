// Runs a program to its end and gives what it printed: the one way to docker, k3d, kubectl, pulumi,
// apt and the like. Loaded by Node 24 as an ES module and by Pulumi, on Node 20, as CommonJS.
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from './errors.ts';
import { firstError } from './first-error.ts';
import { OutputFiles } from './output-files.ts';
import { signalGroup, spawnGroup } from './process/guard.ts';

/** How a program is run. */
export interface CommandOptions {
  /** @default the working directory of this process */
  readonly cwd?: string;
  /** Added to the environment of this process; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Text for its standard input. @default '' */
  readonly input?: string;
  /** Gets each piece of output, of both streams, as it comes. */
  readonly onOutput?: (text: string) => void;
  /**
   * Interrupts the program, as Ctrl-C would. The program may take its time to end, and its exit
   * status counts.
   */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the program is ended. @default none */
  readonly timeoutMs?: number | undefined;
}

/** Runs a program with its arguments, without a shell, and gives its standard output. */
export type Run = (program: string, args: readonly string[], options?: CommandOptions) => Promise<string>;

/** What is known of a program that failed, besides the message. */
interface CommandFailure {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Exit status; null when the program was ended by a signal, or never started. */
  readonly status: number | null;
  /** The signal that ended the program. */
  readonly signal: NodeJS.Signals | null;
  /** All that the program printed, of both streams, in the order in which it came. */
  readonly output: string;
  /** The first error in that; empty where it printed nothing. */
  readonly reason: string;
  /** File with the output, named in the message. @default none: it is one line at most */
  readonly outputFile?: string | undefined;
  /** There is no such program on the PATH. @default false */
  readonly missing?: boolean;
}

/** A program could not be started, was ended, or ended with another status than 0. */
export class CommandError extends UserError implements CommandFailure {
  readonly command: readonly string[];
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly reason: string;
  readonly outputFile: string | undefined;
  readonly missing: boolean;

  constructor(message: string, failure: CommandFailure, options?: ErrorOptions) {
    super('COMMAND_FAILED', message, options);
    this.command = failure.command;
    this.status = failure.status;
    this.signal = failure.signal;
    this.output = failure.output;
    this.reason = failure.reason;
    this.outputFile = failure.outputFile;
    this.missing = failure.missing ?? false;
  }
}

/** A program that does not end when asked to gets this long, milliseconds. */
const KILL_AFTER_MS = 2_000;

/**
 * The command in a message: the program and the words that say what it does, without options and
 * scripts.
 */
function nameOf(program: string, args: readonly string[]): string {
  const words = args.filter((arg) => /^\w[\w./:@-]{0,50}$/.test(arg));
  return [basename(program), ...words.slice(0, 2)].join(' ');
}

const outputFiles = new OutputFiles();

/**
 * Runs a program to its end. If this process ends first, so does the program.
 *
 * @returns what the program wrote to standard output
 * @throws CommandError with the first error that the program printed, and the name of a file with
 * all that it printed if that is more than one line
 */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, env, input = '', onOutput, signal, timeoutMs } = options;
  signal?.throwIfAborted();
  const child = spawnGroup(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });

  const printed = { stdout: '', stderr: '', both: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]!.setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text;
      printed.both += text;
      onOutput?.(text);
    });
  child.stdin!.on('error', () => {}); // it ended before it had read its input: its exit status says why
  child.stdin!.end(input);

  const interrupt = () => signalGroup(child, 'SIGINT');
  signal?.addEventListener('abort', interrupt, { once: true });
  let late = false;
  const timers: NodeJS.Timeout[] = [];
  const end = () => {
    late = true;
    signalGroup(child, 'SIGTERM');
    timers.push(setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS));
  };
  if (timeoutMs !== undefined) timers.push(setTimeout(end, timeoutMs));

  const ended = await new Promise<{ error: NodeJS.ErrnoException } | Pick<CommandFailure, 'status' | 'signal'>>(
    (resolve) => {
      child.once('error', (error) => resolve({ error }));
      child.once('close', (status, signal) => resolve({ status, signal }));
    },
  );
  for (const timer of timers) clearTimeout(timer);
  signal?.removeEventListener('abort', interrupt);

  if ('error' in ended) throw cannotStart(program, args, cwd, ended.error);
  if (ended.status === 0 && !late) return printed.stdout;
  const how = late
    ? `took longer than ${timeoutMs! / 1000} s`
    : `failed (${ended.signal ?? `exit status ${ended.status}`})`;
  const name = nameOf(program, args);
  const reason = firstError(printed.stderr, printed.stdout);
  const outputFile = outputFiles.keep(name, printed.both);
  const where = outputFile === undefined ? '' : ` (all that it printed: ${outputFile})`;
  throw new CommandError(`${name} ${how}${reason && `: ${reason}`}${where}`, {
    command: [program, ...args],
    output: printed.both,
    reason,
    outputFile,
    ...ended,
  });
}

function cannotStart(
  program: string,
  args: readonly string[],
  cwd: string | undefined,
  cause: NodeJS.ErrnoException,
): CommandError {
  const fail = (message: string, missing = false) =>
    new CommandError(
      message,
      { command: [program, ...args], status: null, signal: null, output: '', reason: '', missing },
      { cause },
    );
  if (cause.code !== 'ENOENT') return fail(`${program} cannot be started: ${cause.message}`);
  // Node says the same of a working directory that does not exist.
  if (cwd !== undefined && !existsSync(cwd)) return fail(`${program} cannot be started: there is no folder ${cwd}`);
  return fail(
    program.includes('/')
      ? `there is no program ${program}`
      : `${program} is not on the PATH: install it, or add its folder to the PATH`,
    true,
  );
}

/** `run` with a time limit for calls that set none. */
export const runWithin =
  (limitMs: number): Run =>
  (program, args, options = {}) =>
    run(program, args, { ...options, timeoutMs: options.timeoutMs ?? limitMs });
