// Prometheus' own judge of metrics and rules, for tests: from the PATH or the distribution's package, as the servers are.
import { findPrometheus } from '../local/install/prometheus.ts';
import { type Outcome, outcomeOf } from './processes.ts';

/** Runs promtool. @throws ServerUnavailableError saying what to do where there is none: a check that cannot run must not pass */
export async function promtool(args: readonly string[], input = ''): Promise<Outcome> {
  const { command } = await findPrometheus('promtool', { env: process.env });
  const [program, ...first] = command;
  return outcomeOf(program, [...first, ...args], { input });
}
