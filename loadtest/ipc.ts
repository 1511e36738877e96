// Tells the process that started us how the load goes, if it wants to know: the console, for its page.
import type { LoadProgress } from '../apps/console/controls.ts';
import { formatCount, formatMs } from '../tooling/report/format.ts';
import type { Report } from './report/report.ts';

/** Tells a parent that opened a channel (IPC); others hear nothing. */
export const tellParent = (progress: LoadProgress): void => {
  if (process.connected) process.send?.(progress);
};

/** Ends this process when such a parent is gone: nobody could stop the load any more. */
export function endWithParent(): void {
  if (!process.connected) return;
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref(); // waiting for that must not keep us alive
}

/** The outcome of a run in a line. */
export function verdictInWords(report: Report, reportFile: string): string {
  const { totals, checks } = report;
  const failed = checks.filter(({ ok }) => ok === false).map(({ name, found }) => `${name} ${found}`);
  const verdict = failed.length > 0 ? `failed: ${failed.join(', ')}` : 'passed';
  const p95 = totals.latency ? `, p95 ${formatMs(totals.latency.p95)}` : '';
  return `${verdict}; ${formatCount(totals.requests)} requests${p95}; ${reportFile}`;
}
