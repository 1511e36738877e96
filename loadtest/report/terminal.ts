// The report as text for a terminal.
import { formatCount, formatMs, formatPercent, formatSeconds } from '../../tooling/report/format.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { describeScaling } from '../scaling.ts';
import { longestGap, OLD_SECONDS, type Sample } from '../stats.ts';

import type { SecondRow } from '../witness/figures.ts';
import { failedRatio, type Report } from './report.ts';

const MARKS = new Map<boolean | null, string>([
  [true, '✓'],
  [false, '✗'],
  [null, '–'],
]);

/** The result of a run in about thirty lines. */
export function renderSummary(report: Report): string {
  const { totals, profile, drain } = report;
  const { latency, engine } = totals;
  const gap = longestGap(report.samples, totals.seconds);
  const perSecond = totals.seconds === 0 ? 0 : totals.requests / totals.seconds;
  const lines = [
    '',
    `${profile.name}: ${profile.question}`,
    `run ${report.run} against ${report.target}, ${formatSeconds(totals.seconds)}, engine ${report.engine}${report.interrupted ? ', ended early' : ''}`,
    '',
    ...table([
      ['requests', formatCount(totals.requests), `${formatCount(perSecond)} a second`],
      [
        'accepted',
        formatCount(totals.accepted),
        `${formatCount(totals.accepted / Math.max(totals.seconds, 1e-9))} a second`,
      ],
      ['failed', formatCount(totals.requests - totals.accepted), formatPercent(failedRatio(totals))],
      [
        '  shed (503)',
        formatCount(totals.shed),
        formatPercent(totals.requests === 0 ? 0 : totals.shed / totals.requests),
      ],
      ['  refused', formatCount(totals.refused), ''],
      ['  unknown', formatCount(totals.unknown), 'timeouts, broken connections'],
      ['  bad answers', formatCount(totals.badAnswers), ''],
    ]),
    ...Object.entries(totals.problems)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 8)
      .map(([problem, count]) => `    ${problem}: ${formatCount(count)}`),
    '',
    latency
      ? `latency   p50 ${formatMs(latency.p50)}   p90 ${formatMs(latency.p90)}   p95 ${formatMs(latency.p95)}   p99 ${formatMs(latency.p99)}   p99.9 ${formatMs(latency.p999)}   max ${formatMs(latency.max)}`
      : 'latency   no answers',
    `lag       at most ${drain.maxLag === null ? 'unknown' : formatCount(drain.maxLag)}, ${drain.drained ? `drained ${formatSeconds(drain.seconds)} after the load` : `not drained within ${formatSeconds(drain.seconds)}`}`,
    ...(gap > OLD_SECONDS ? [`          no new numbers of the queue for up to ${formatSeconds(gap)}`] : []),
    ...report.scaling.map(
      (one) => `scaling   ${one.app} from ${one.before} to ${one.most} pods: ${describeScaling(one)}`,
    ),
    ...ledgerLines(report),
    `engine    ${engine.cpuPercent ?? '?'} % of a core, ${engine.memoryMiB ?? '?'} MiB${engine.lateP99Ms === null ? '' : `, timers ${engine.lateP99Ms} ms late (p99)`}`,
    '',
    ...table(
      report.checks.map(({ name, found, limit, ok }) => [`${MARKS.get(ok)} ${name}`, found, limit && `(${limit})`]),
    ),
    '',
  ];
  return lines.join('\n');
}

function ledgerLines({ ledger }: Report): string[] {
  if ('skipped' in ledger || 'failed' in ledger) return [];
  const l: Ledger = ledger;
  return [
    `ledger    ${formatCount(l.promised)} records promised, ${formatCount(l.stored)} stored: lost ${l.lost}, phantom ${l.phantom}, double ${l.double}, corrupt ${l.corrupt}, torn ${l.torn}`,
    ...(l.dead > 0 ? [`          ${formatCount(l.dead)} in the dead letters`] : []),
    ...(l.unexpectedDead > 0
      ? [`          ${formatCount(l.unexpectedDead)} dead letters that were not expected: npm run deadletters -- list`]
      : []),
    ...(l.requests.unknown > 0
      ? [
          `          of ${formatCount(l.requests.unknown)} unknown requests, ${formatCount(l.unknownStored)} were stored and ${formatCount(l.unknownAbsent)} were not`,
        ]
      : []),
    ...l.examples.map((example) => `          ${example}`),
  ];
}

/** Aligned columns. The second is right-aligned if it holds numbers. */
function table(rows: readonly (readonly string[])[]): string[] {
  const wide = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [first, second] = [wide(0), wide(1)];
  const numeric = rows.every((row) => /^[\d.,]+$/.test(row[1] ?? ''));
  return rows.map(([a = '', b = '', c = '']) =>
    `${a.padEnd(first)}  ${numeric ? b.padStart(second) : b.padEnd(second)}  ${c}`.trimEnd(),
  );
}

/**
 * The status of one second of the run in one line.
 * @param ageSeconds age of the sample; it is shown once numbers are missing
 */
export function renderStatus(row: SecondRow, totalSeconds: number, sample: Sample | undefined, ageSeconds = 0): string {
  const lag = sample?.lag ?? null;
  const mongo = sample?.mongoOperationsPerSecond ?? null;
  return [
    `${String(row.t + 1).padStart(4)}/${Math.ceil(totalSeconds)} s`,
    `${formatCount(row.users)} users`,
    `${formatCount(row.requests)} req/s`,
    `p95 ${row.p95 === null ? '–' : formatMs(row.p95)}`,
    `lag ${lag === null ? '–' : formatCount(lag)}`,
    `MongoDB ${mongo === null ? '–' : formatCount(mongo)} op/s`,
    ...(ageSeconds > OLD_SECONDS ? [`(${ageSeconds.toFixed(0)} s ago)`] : []),
    `shed ${formatCount(row.shed)}`,
    `errors ${formatCount(row.errors)}`,
  ].join('  ');
}

/** The result in one line. */
export function renderVerdict({ totals, checks }: Report, reportFile: string): string {
  const failed = checks.filter(({ ok }) => ok === false).map(({ name, found }) => `${name} ${found}`);
  const verdict = failed.length > 0 ? `failed: ${failed.join(', ')}` : 'passed';
  const p95 = totals.latency ? `, p95 ${formatMs(totals.latency.p95)}` : '';
  return `${verdict}; ${formatCount(totals.requests)} requests${p95}; ${reportFile}`;
}
