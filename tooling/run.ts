// Runs a program to its end and gives what it printed; a failure carries what the program said.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { guardProcess, unguardProcess } from './process/guard.ts';

/** A program could not be started, or ended with another status than 0. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'COMMAND_FAILED';
  /** null: it was ended by a signal, or never started. */
  readonly status: number | null;
  readonly output: string;

  constructor(message: string, status: number | null, output: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.output = output;
  }
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Given to the program on its standard input. */
  readonly input?: string;
  /** Told each piece of output as it comes. */
  readonly onOutput?: (text: string) => void;
  /** Interrupts the program, as Ctrl-C would; it may take its time to end. */
  readonly signal?: AbortSignal | undefined;
  /** The program is killed after so long, milliseconds. @default never */
  readonly timeoutMs?: number;
}

const SHOWN_LINES = 20;

/**
 * @returns what the program wrote to standard output
 * @throws CommandError
 */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, env, input, onOutput, signal, timeoutMs } = options;
  const shown = `${program} ${args.join(' ')}`;
  // In a group of its own: a Ctrl-C in the terminal is ours to pass on, once.
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, detached: true });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new CommandError(
          cause.code === 'ENOENT' ? `${program} is not on the PATH` : `${program}: ${cause.message}`,
          null,
          '',
          { cause },
        ),
      ),
    );
  });
  failed.catch(() => undefined);
  if (child.pid === undefined) return failed;
  const pid = child.pid;
  guardProcess(pid);
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => process.kill(-pid, 'SIGKILL'), timeoutMs);
  const interrupt = () => process.kill(-pid, 'SIGINT');
  signal?.addEventListener('abort', interrupt, { once: true });
  if (signal?.aborted) interrupt();

  let out = '';
  let all = '';
  const take = (stream: NodeJS.ReadableStream, keep: (text: string) => void) =>
    stream.setEncoding('utf8').on('data', (text: string) => {
      keep(text);
      all += text;
      onOutput?.(text);
    });
  take(child.stdout, (text) => (out += text));
  take(child.stderr, () => undefined);
  child.stdin.on('error', () => undefined); // it ended before it read; its status tells
  child.stdin.end(input);
  try {
    const [status, killed] = (await Promise.race([once(child, 'close'), failed])) as [number | null, string | null];
    if (status === 0) return out;
    const tail = all.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
    throw new CommandError(`${shown} ended with ${killed ?? `status ${status}`}:\n${tail}`, status, all);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
    unguardProcess(pid);
  }
}
