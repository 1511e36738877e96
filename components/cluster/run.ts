// Runs a command-line tool and gives what it prints: the one way from this folder to docker, k3d and kubectl.
// No import at the top: Pulumi serializes this function into the stack's state, and it runs from there.

/** How a command is run. */
export interface RunOptions {
  /** Variables on top of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text for its standard input. */
  readonly input?: string;
  /** After this time it is killed. @default 600,000 */
  readonly timeoutMs?: number;
}

/** Runs a command with its arguments, without a shell, and gives its standard output. */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<string>;

/** What a tool said went wrong, in one line: colours, times and log levels of k3d are left out. */
export function lastWords(stderr: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: k3d colours its log even where nobody sees it
  const plain = stderr.replace(/\u001b\[[0-9;]*m/g, '').replace(/^(FATA|ERRO|WARN|INFO)\[\d+\]\s*/gm, '');
  return plain
    .trim()
    .split('\n')
    .slice(-3)
    .map((line) => line.trim())
    .join('; ');
}

/** The real thing. The error says which command failed and what it said. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { execFile } = require('node:child_process') as typeof import('node:child_process');
  const { env = {}, input = '', timeoutMs = 600_000 } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      [...args],
      { env: { ...process.env, ...env }, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const said = error.killed ? `took longer than ${timeoutMs / 1000} s` : lastWords(stderr) || error.message;
        reject(new Error(`${[command, ...args.slice(0, 2)].join(' ')} failed: ${said}`, { cause: error }));
      },
    );
    // A tool that ends before it has read its input closes the pipe: its exit says why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
