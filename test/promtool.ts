// Prometheus' own judge of metrics and rules, for tests: from the PATH or the distribution's package, as the servers are.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findPrometheus } from '../local/install/prometheus.ts';

export interface Verdict {
  readonly status: number | null;
  /** What it printed, both streams. */
  readonly output: string;
}

/** Runs promtool. @throws ServerUnavailableError saying what to do where there is none: a check that cannot run must not pass */
export async function promtool(args: readonly string[], input = ''): Promise<Verdict> {
  const { command } = await findPrometheus('promtool', { env: process.env });
  const child = spawn(command[0], [...command.slice(1), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  child.stdin.end(input);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}
