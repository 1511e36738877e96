// Runs the load with k6 and turns its witness lines into the same figures and the same log as our own generator's.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { guardProcess, unguardProcess } from '../../local/process/guard.ts';
import { Recorder } from '../generator/recorder.ts';
import { WitnessWriter } from '../generator/witness.ts';
import type { StartLoad, Totals } from '../plan.ts';
import { peakUsers, totalSeconds, usersAt } from '../profiles.ts';
import { interruptedIterations, parseLine } from './lines.ts';

const SCRIPT = fileURLToPath(new URL('./script.js', import.meta.url));
const OUTPUT_TAIL_CHARS = 4000;

/**
 * The engine k6; see `StartLoad`.
 *
 * Beware in fault tests: Go sends a GET again by itself when a kept-alive connection breaks, and what the API accepted
 * twice is then stored twice. Our own generator never sends anything twice.
 * @param program k6's executable
 */
export const startK6 =
  (program: string): StartLoad =>
  async (plan, onSecond) => {
    const args = [
      'run',
      '--address=',
      '--no-usage-report',
      '--no-summary',
      '--no-color',
      '--log-output=stderr',
      '--log-format=raw',
      SCRIPT,
    ];
    const startedAt = performance.now();
    // In a group of its own: Ctrl-C reaches us first, and k6 aborts hard when it hears it twice.
    const child = spawn(program, args, {
      env: { ...process.env, PLAN: JSON.stringify(plan) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const killChild = () => child.kill('SIGKILL');
    process.once('exit', killChild);

    const recorder = new Recorder();
    const witness = new WitnessWriter(plan.witnessFile);
    const nextIteration = new Uint32Array(peakUsers(plan.stages));
    let output = '';
    const keep = (text: string) => {
      output = (output + text).slice(-OUTPUT_TAIL_CHARS);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    const lines = createInterface({ input: child.stderr });
    lines.on('line', (line) => {
      const entry = parseLine(line);
      if (entry === null) return keep(`${line}\n`);
      recorder.add(entry.judged, entry.latencyMs);
      witness.add(entry.user, entry.iteration, entry.judged.outcome, entry.judged.checksum);
      nextIteration[entry.user] = entry.iteration + 1;
    });

    let second = 0;
    const ended = () => (performance.now() - startedAt) / 1000;
    const timer = setInterval(() => {
      const users = second < totalSeconds(plan.stages) ? usersAt(plan.stages, second + 0.5) : 0;
      onSecond(recorder.takeSecond(second++, users));
    }, 1000);

    const done = new Promise<Totals>((resolve, reject) => {
      witness.failed.catch(reject);
      child.once('error', (cause) => reject(new Error(`k6 could not be started: ${cause.message}`, { cause })));
      const closed = new Promise((whenClosed) => lines.once('close', whenClosed));
      child.once('close', async (code, signal) => {
        await closed;
        const seconds = ended();
        onSecond(recorder.takeSecond(second, 0));
        // 105: stopped from outside, as `stop` does.
        if (code !== 0 && code !== 105)
          return reject(new Error(`k6 ended with ${signal ?? `status ${code}`}:\n${output}`));
        // k6 does not say which requests it cut: any user's next may have been sent.
        if (interruptedIterations(output) > 0)
          nextIteration.forEach((iteration, user) => void witness.add(user, iteration, 'unknown', 0));
        witness
          .close()
          .then(
            () => resolve(recorder.totals(seconds, { cpuPercent: null, lateP99Ms: null, memoryMiB: null })),
            reject,
          );
      });
    }).finally(() => {
      clearInterval(timer);
      if (child.pid !== undefined) unguardProcess(child.pid);
    });
    return { stop: () => void child.kill('SIGINT'), done };
  };
