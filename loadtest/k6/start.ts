// The engine k6: runs script.js, and records its lines as our own generator records its requests.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { peakUsers, totalSeconds } from '../../config/load-profiles.ts';
import { spawnGroup } from '../../tooling/process/guard.ts';
import { type Load, type Observation, Observations, type Plan } from '../plan.ts';
import { usersAt } from '../profiles.ts';
import type { Totals } from '../witness/figures.ts';
import { Recorder } from '../witness/recorder.ts';
import { interruptedIterations, parseLine } from './lines.ts';

const scriptAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const SCRIPT = scriptAt('./script.js');
const MIXED_SCRIPT = scriptAt('./mixed-script.js');
const OUTPUT_TAIL_CHARS = 4000;

const ARGS = ['run', '--address=', '--no-usage-report', '--no-summary', '--no-color'];
const LOG_ARGS = ['--log-output=stderr', '--log-format=raw'];
/** k6's exit status when it was stopped from outside. */
const STOPPED = 105;

/**
 * Returns what starts a load with k6.
 *
 * Do not use it in fault tests: Go resends a GET when a kept-alive connection breaks, and what the
 * API accepts twice is stored twice. Our own generator never sends a request twice.
 * @param program k6's executable
 */
export const startK6 =
  (program: string) =>
  (plan: Plan): Load =>
    new K6Process(program, plan);

class K6Process implements Load {
  readonly #plan: Plan;
  readonly #child: ChildProcess;
  readonly #recorder: Recorder;
  readonly #observations = new Observations();
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  /** The number of requests that each user is known to have sent. */
  readonly #iterations: Uint32Array;
  #second = 0;
  #output = '';

  constructor(program: string, plan: Plan) {
    this.#plan = plan;
    this.#recorder = new Recorder(plan.witnessFile);
    this.#iterations = new Uint32Array(peakUsers(plan.stages));
    // In a process group of its own: Ctrl-C reaches us first, and k6 aborts hard on a second one.
    this.#child = spawnGroup(program, [...ARGS, ...LOG_ARGS, plan.mix ? MIXED_SCRIPT : SCRIPT], {
      env: { ...process.env, PLAN: JSON.stringify(plan) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#timer = setInterval(() => this.#endSecond(), 1000);
    this.#run().then(
      (totals) => this.#observations.push({ totals }),
      (error: Error) => this.#observations.fail(error),
    );
  }

  [Symbol.asyncIterator](): AsyncIterator<Observation> {
    return this.#observations[Symbol.asyncIterator]();
  }

  stop(): void {
    this.#child.kill('SIGINT');
  }

  async #run(): Promise<Totals> {
    const { code, signal } = await this.#ended().finally(() => clearInterval(this.#timer));
    const seconds = (performance.now() - this.#startedAt) / 1000;
    this.#observations.push({ second: this.#recorder.takeSecond(this.#second, 0) });
    if (code !== 0 && code !== STOPPED)
      throw new Error(`k6 ended with ${signal ?? `status ${code}`}:\n${this.#output}`);
    // k6 does not say which requests it cut: the next one of any user may have been sent.
    if (interruptedIterations(this.#output) > 0)
      for (const [user, iteration] of this.#iterations.entries()) this.#recorder.recordUnknown(user, iteration);
    return this.#recorder.close(seconds, { cpuPercent: null, lateP99Ms: null, memoryMiB: null });
  }

  /** Waits until k6 has ended and all of its lines are read. */
  #ended(): Promise<{ code: number | null; signal: string | null }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; signal: string | null }>();
    const child = this.#child;
    child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    const lines = createInterface({ input: child.stderr! });
    lines.on('line', (line) => this.#read(line));
    const linesRead = new Promise((read) => lines.once('close', read));
    this.#recorder.failed.catch(reject);
    child.once('error', (cause) => reject(new Error(`k6 could not be started: ${cause.message}`, { cause })));
    child.once('close', (code, signal) => linesRead.then(() => resolve({ code, signal })));
    return promise;
  }

  #read(line: string): void {
    const entry = parseLine(line);
    if (entry === null) {
      this.#keep(`${line}\n`);
      return;
    }
    this.#recorder.record(entry.user, entry.iteration, entry.judged, entry.latencyMs);
    this.#iterations[entry.user] = entry.iteration + 1;
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_TAIL_CHARS);
  }

  #endSecond(): void {
    const { stages } = this.#plan;
    const users = this.#second < totalSeconds(stages) ? usersAt(stages, this.#second + 0.5) : 0;
    this.#observations.push({ second: this.#recorder.takeSecond(this.#second++, users) });
  }
}
