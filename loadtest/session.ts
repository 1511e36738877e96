// One load test as the user sees it: progress while it runs, then the summary, the report and the
// exit status.
import { relative } from 'node:path';
import { totalSeconds } from '../config/load-profiles.ts';
import { Terminal } from '../local/terminal.ts';
import { INTERRUPTED } from '../tooling/errors.ts';
import type { ChosenEngine } from './engine.ts';
import { exitWithParent, sendProgress } from './ipc.ts';
import { writeReport } from './report/html.ts';
import { renderStatus, renderSummary, renderVerdict } from './report/terminal.ts';
import { type RunOptions, runLoadTest } from './run.ts';

/** One Ctrl-C arrives twice within this time: from the terminal, and forwarded by npm. */
const SAME_SIGNAL_MS = 500;

export interface SessionOptions extends Omit<RunOptions, 'engine' | 'interrupt' | 'hurry' | 'onStatus' | 'onProgress'> {
  readonly engine: ChosenEngine;
  /** Directory in which `<run>/report.html` is written. */
  readonly reportDir: string;
}

/**
 * Runs the load test. The first Ctrl-C ends the load, the second the wait for the queue, the third
 * the process.
 * @returns the exit status: 0 if all checks hold, 1 if not, 130 after Ctrl-C
 */
export async function runSession({ reportDir, engine, ...options }: SessionOptions): Promise<number> {
  const { profile } = options;
  const terminal = new Terminal(process.stdout);
  terminal.print(`${profile.name}: ${profile.question}`);
  terminal.print(`engine: ${engine.name} (${engine.why})`);
  const interrupt = new AbortController();
  const hurry = new AbortController();
  let lastAt = Number.NEGATIVE_INFINITY;
  const onSignal = () => {
    const again = performance.now() - lastAt < SAME_SIGNAL_MS;
    lastAt = performance.now();
    if (again) return;
    if (hurry.signal.aborted) process.exit(INTERRUPTED);
    if (interrupt.signal.aborted) hurry.abort();
    else terminal.print('ending the load; draining and checking (Ctrl-C again: do not wait for the queue)');
    interrupt.abort();
  };
  process.on('SIGINT', onSignal);
  exitWithParent();
  const seconds = totalSeconds(profile.stages);
  try {
    const report = await runLoadTest({
      ...options,
      engine,
      interrupt: interrupt.signal,
      hurry: hurry.signal,
      onStatus(row, sampler) {
        terminal.print(renderStatus(row, seconds, sampler.last, sampler.ageSeconds));
        sendProgress({ phase: 'load', second: row.t + 1, seconds, users: row.users });
      },
      onProgress(text) {
        terminal.status(text);
        sendProgress({ phase: 'checking', text });
      },
    });
    terminal.clear();
    const files = await writeReport(report, reportDir);
    console.log(renderSummary(report));
    console.log(`report: ${files.html}\n`);
    sendProgress({ phase: 'done', ok: report.ok, text: renderVerdict(report, relative(process.cwd(), files.html)) });
    if (report.interrupted) return INTERRUPTED;
    return report.ok ? 0 : 1;
  } finally {
    terminal.clear();
    process.off('SIGINT', onSignal);
  }
}
