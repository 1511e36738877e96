// npm start: starts the stack on this machine, shows its status, and stops it on Ctrl-C.
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../config/errors.ts';
import { INTERRUPTED, UserError } from '../tooling/errors.ts';
import { LocalError } from './errors.ts';
import { helpText, parseOptions } from './options.ts';
import { type Stack, startStack } from './stack.ts';
import { formatStatus } from './status.ts';
import { Terminal } from './terminal.ts';

const statusIntervalMs = 1000;
const terminal = new Terminal(process.stdout);
const interrupted = new AbortController();

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(helpText());
    return 0;
  }
  stopOnSignals();
  terminal.print(`starting the stack ${options.stack}`);
  const { signal } = interrupted;
  const log = (line: string) => terminal.print(line);
  const stack = await startStack({ ...options, dataDir: options.data, env: process.env, log, signal });
  for (const line of addresses(stack)) terminal.print(line);
  terminal.print('Ctrl-C stops it; data stays');
  const failure = await Promise.race([stack.failed, showStatus(stack, signal)]);
  terminal.clear();
  if (failure) terminal.print(failure.message);
  terminal.print('draining; what is in the queue stays for the next start (Ctrl-C again: at once)');
  await stack.stop();
  terminal.print('stopped');
  return failure ? 1 : 0;
}

/** The addresses that users and `npm run loadtest` need. */
function addresses({
  apiUrl,
  consoleUrl,
  prometheusUrl,
  directMongoUrl,
  redisUrl,
  gateMetricsUrl,
  kafkaBrokers,
}: Stack): string[] {
  return [
    `  API      ${apiUrl}/api/data`,
    ...(consoleUrl ? [`  console  ${consoleUrl} (open it in a browser)`] : []),
    `  MongoDB  ${withoutPassword(directMongoUrl)} (past the gate)`,
    `  gate     ${gateMetricsUrl}/metrics`,
    `  Redis    ${withoutPassword(redisUrl)}`,
    ...(prometheusUrl ? [`  Prometheus  ${prometheusUrl}/alerts`] : []),
    ...(kafkaBrokers.length > 0 ? [`  Kafka    ${kafkaBrokers.join(',')}`] : []),
  ];
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//***@');
}

/** Until the signal. */
async function showStatus(stack: Stack, signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted) {
    const status = await stack.status();
    if (!signal.aborted) terminal.status(formatStatus(status));
    await delay(statusIntervalMs, undefined, { signal }).catch(() => {}); // aborted: the loop sees it
  }
}

/** The first signal stops gracefully; the second ends at once, and the guard ends the processes. */
function stopOnSignals(): void {
  let firstAt: number | undefined;
  const stop = () => {
    // One Ctrl-C arrives twice: from the terminal, and passed on by npm.
    if (firstAt !== undefined && performance.now() - firstAt > 500) process.exit(INTERRUPTED);
    firstAt ??= performance.now();
    interrupted.abort(new LocalError('app_failed', 'interrupted while starting'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // npm, our parent, may be killed without passing the signal on.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && !interrupted.signal.aborted) stop();
  }, 1000).unref();
}

try {
  process.exitCode = await main();
} catch (error) {
  terminal.clear();
  const expected = error instanceof UserError || error instanceof ConfigError;
  console.error(expected ? error.message : error);
  process.exitCode = interrupted.signal.aborted ? INTERRUPTED : expected ? 2 : 1;
}
