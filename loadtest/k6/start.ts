// Runs the load with k6 and turns its witness lines into the same figures and the same log as our own generator's.
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { peakUsers, totalSeconds } from '../../config/load-profiles.ts';
import { spawnGroup } from '../../tooling/process/guard.ts';
import type { Load, Plan, SecondRow, StartLoad, Totals } from '../plan.ts';
import { usersAt } from '../profiles.ts';
import { Recorder } from '../witness/recorder.ts';
import { WitnessWriter } from '../witness/witness.ts';
import { interruptedIterations, parseLine } from './lines.ts';

const SCRIPT = fileURLToPath(new URL('./script.js', import.meta.url));
const OUTPUT_TAIL_CHARS = 4000;

const ARGS = ['run', '--address=', '--no-usage-report', '--no-summary', '--no-color'];
const LOG_ARGS = ['--log-output=stderr', '--log-format=raw'];
/** k6's exit status when it was stopped from outside. */
const STOPPED = 105;

/**
 * The engine k6; see `StartLoad`.
 *
 * Beware in fault tests: Go sends a GET again by itself when a kept-alive connection breaks, and what the API accepted
 * twice is then stored twice. Our own generator never sends anything twice.
 * @param program k6's executable
 */
export const startK6 =
  (program: string): StartLoad =>
  (plan, onSecond) =>
    Promise.resolve(run(program, plan, onSecond));

function run(program: string, plan: Plan, onSecond: (row: SecondRow) => void): Load {
  const startedAt = performance.now();
  // In a group of its own: Ctrl-C reaches us first, and k6 aborts hard when it hears it twice.
  const child = spawnGroup(program, [...ARGS, ...LOG_ARGS, SCRIPT], {
    env: { ...process.env, PLAN: JSON.stringify(plan) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

  const recorder = new Recorder();
  const witness = new WitnessWriter(plan.witnessFile);
  const nextIteration = new Uint32Array(peakUsers(plan.stages));
  let output = '';
  const keep = (text: string): void => {
    output = (output + text).slice(-OUTPUT_TAIL_CHARS);
  };
  child.stdout!.setEncoding('utf8').on('data', keep);
  const lines = createInterface({ input: child.stderr! });
  lines.on('line', (line) => {
    const entry = parseLine(line);
    if (entry === null) return keep(`${line}\n`);
    recorder.add(entry.judged, entry.latencyMs);
    witness.add(entry.user, entry.iteration, entry.judged.outcome, entry.judged.checksum);
    nextIteration[entry.user] = entry.iteration + 1;
  });

  let second = 0;
  const timer = setInterval(() => {
    const users = second < totalSeconds(plan.stages) ? usersAt(plan.stages, second + 0.5) : 0;
    onSecond(recorder.takeSecond(second++, users));
  }, 1000);

  const finish = async (ending: { code: number | null; signal: string | null }): Promise<Totals> => {
    const seconds = (performance.now() - startedAt) / 1000;
    onSecond(recorder.takeSecond(second, 0));
    if (ending.code !== 0 && ending.code !== STOPPED)
      throw new Error(`k6 ended with ${ending.signal ?? `status ${ending.code}`}:\n${output}`);
    // k6 does not say which requests it cut: any user's next may have been sent.
    if (interruptedIterations(output) > 0)
      nextIteration.forEach((iteration, user) => void witness.add(user, iteration, 'unknown', 0));
    await witness.close();
    return recorder.totals(seconds, { cpuPercent: null, lateP99Ms: null, memoryMiB: null });
  };
  const linesRead = new Promise((resolve) => lines.once('close', resolve));
  const done = new Promise<Totals>((resolve, reject) => {
    witness.failed.catch(reject);
    child.once('error', (cause) => reject(new Error(`k6 could not be started: ${cause.message}`, { cause })));
    child.once('close', (code, signal) => {
      linesRead.then(() => finish({ code, signal })).then(resolve, reject);
    });
  }).finally(() => clearInterval(timer));
  return { stop: () => void child.kill('SIGINT'), done };
}
