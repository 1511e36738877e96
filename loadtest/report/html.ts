// The report as files: report.json with every number, and report.html with the verdict, the figures
// and the plots.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatCount, formatMs, formatPercent, formatSeconds } from '../../tooling/report/format.ts';
import { escapeHtml, plot, shortNumber } from '../../tooling/report/plot.ts';
import { STYLE } from '../../tooling/report/style.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { describeScaling } from '../scaling.ts';
import { longestGap, OLD_SECONDS } from '../stats.ts';
import { type Check, failedRatio, type Report } from './report.ts';

/** Writes the report. @returns the files, in `<directory>/<run>/` */
export async function writeReport(report: Report, directory: string): Promise<{ html: string; json: string }> {
  const folder = join(directory, report.run);
  await mkdir(folder, { recursive: true });
  const files = { html: join(folder, 'report.html'), json: join(folder, 'report.json') };
  await writeFile(files.json, `${JSON.stringify(report, null, 1)}\n`);
  await writeFile(files.html, renderHtml(report));
  return files;
}

/** A self-contained HTML page: no scripts, nothing to load. */
export function renderHtml(report: Report): string {
  const { profile, totals, drain } = report;
  const title = `${profile.name} · ${report.run}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="verdict ${report.ok ? 'good' : 'bad'}">${report.ok ? 'passed' : 'failed'}</p>
<h1>${escapeHtml(profile.question)}</h1>
<p class="sub">${escapeHtml(
    [
      `Profile ${profile.name}${report.interrupted ? ' (ended early)' : ''}`,
      `${new Date(report.startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
      `target ${report.target}`,
      `engine ${report.engine}`,
      `${report.machine.cpus} × ${report.machine.model}`,
    ].join(' · '),
  )}</p>
</header>
<section class="tiles">
${tile('throughput', `${formatCount(totals.accepted / Math.max(totals.seconds, 1e-9))}/s`, `${formatCount(totals.accepted)} requests accepted`)}
${tile('p95', totals.latency ? formatMs(totals.latency.p95) : '–', totals.latency ? `p50 ${formatMs(totals.latency.p50)}, p99 ${formatMs(totals.latency.p99)}` : '')}
${tile('failed', formatPercent(failedRatio(totals)), `${formatCount(totals.shed)} shed, ${formatCount(totals.requests - totals.accepted - totals.shed)} errors`)}
${tile('highest lag', drain.maxLag === null ? '–' : formatCount(drain.maxLag), lagNote(report))}
${report.scaling.map((one) => tile(`${one.app} pods`, `${one.before} to ${one.most}`, describeScaling(one))).join('\n')}
</section>
<section class="two">
<div><h2>Checks</h2>${checksTable(report.checks)}</div>
<div><h2>Ledger</h2>${ledgerTable(report)}</div>
</section>
<section class="plots">${plots(report).join('\n')}</section>
<section class="two">
<div><h2>Latency</h2>${latencyTable(report)}</div>
<div><h2>Why requests failed</h2>${problemsTable(report)}</div>
</section>
<footer>${escapeHtml(stagesText(report))} Latency is the time from the intention to send until the answer is complete, including the time to connect, of accepted and unknown requests. Every number is in report.json.</footer>
</body>
</html>
`;
}

const lagNote = ({ drain, samples, totals }: Report): string => {
  const gap = longestGap(samples, totals.seconds);
  return [
    drain.drained ? `drained in ${formatSeconds(drain.seconds)}` : 'not drained',
    ...(gap > OLD_SECONDS ? [`no new numbers for up to ${formatSeconds(gap)}`] : []),
  ].join(', ');
};

const tile = (name: string, value: string, more: string): string =>
  `<div class="tile"><span>${escapeHtml(name)}</span><b>${escapeHtml(value)}</b><small>${escapeHtml(more)}</small></div>`;

const rows = (cells: readonly (readonly string[])[]): string =>
  `<table>${cells.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</table>`;

function checksTable(checks: readonly Check[]): string {
  const mark = (ok: boolean | null) =>
    ok === null ? '<i>–</i>' : `<i class="${ok ? 'good' : 'bad'}">${ok ? '✓' : '✗'}</i>`;
  return rows(
    checks.map(({ ok, name, found, limit }) => [
      mark(ok),
      escapeHtml(name),
      escapeHtml(found),
      `<small>${escapeHtml(limit)}</small>`,
    ]),
  );
}

function ledgerTable({ ledger }: Report): string {
  if ('skipped' in ledger) return `<p class="none">Skipped: ${escapeHtml(ledger.skipped)}.</p>`;
  if ('failed' in ledger) return `<p class="none">Failed: ${escapeHtml(ledger.failed)}</p>`;
  const one: Ledger = ledger;
  const kinds: [keyof Ledger & ('lost' | 'phantom' | 'double' | 'corrupt' | 'torn'), string][] = [
    ['lost', 'accepted, not stored'],
    ['phantom', 'not accepted, but stored'],
    ['double', 'one (origin, index) under two ids'],
    ['corrupt', 'stored with a different payload'],
    ['torn', 'only partly stored'],
  ];
  const lines = [
    ['promised', formatCount(one.promised), 'records of accepted requests'],
    ['stored', formatCount(one.stored), 'records of this run in MongoDB'],
    ...kinds.map(([kind, meaning]) => [
      kind,
      `<span class="${one[kind] === 0 ? 'good' : 'bad'}">${formatCount(one[kind])}</span>`,
      meaning,
    ]),
    ...(one.dead > 0 ? [['dead letters', formatCount(one.dead), 'refused by MongoDB, kept with the reason']] : []),
    ...(one.unexpectedDead > 0
      ? [
          [
            'unexpected',
            `<span class="bad">${formatCount(one.unexpectedDead)}</span>`,
            'dead letters that the run did not expect',
          ],
        ]
      : []),
    ...(one.requests.unknown > 0
      ? [
          [
            'unknown',
            formatCount(one.requests.unknown),
            `requests: ${formatCount(one.unknownStored)} stored, ${formatCount(one.unknownAbsent)} not`,
          ],
        ]
      : []),
  ];
  const examples = one.examples.length > 0 ? `<pre>${escapeHtml(one.examples.join('\n'))}</pre>` : '';
  return rows(lines.map(([a, b, c]) => [a!, b!, `<small>${c}</small>`])) + examples;
}

function latencyTable({ totals }: Report): string {
  if (!totals.latency) return '<p class="none">No answers.</p>';
  const { min, mean, p50, p90, p95, p99, p999, max } = totals.latency;
  const pairs: [string, number][] = [
    ['min', min],
    ['mean', mean],
    ['p50', p50],
    ['p90', p90],
    ['p95', p95],
    ['p99', p99],
    ['p99.9', p999],
    ['max', max],
  ];
  return rows(pairs.map(([name, value]) => [name, formatMs(value)]));
}

function problemsTable({ totals }: Report): string {
  const list = Object.entries(totals.problems).sort(([, a], [, b]) => b - a);
  if (list.length === 0) return '<p class="none">No request failed.</p>';
  return rows(list.slice(0, 20).map(([problem, count]) => [escapeHtml(problem), formatCount(count)]));
}

function stagesText({ profile, totals }: Report): string {
  const stages = profile.stages
    .map(({ seconds, users }) => `${formatCount(users)} within ${formatCount(seconds)} s`)
    .join(', ');
  const { arrivals } = profile;
  const [least, most] = profile.thinkSeconds;
  const think = most === 0 ? 'no think time' : `think time ${least} to ${most} s`;
  const late =
    totals.engine.lateP99Ms === null
      ? ''
      : ` The generator used ${totals.engine.cpuPercent} % of a core; its timers were ${totals.engine.lateP99Ms} ms late (p99).`;
  const load = arrivals
    ? `Requests arrive as in the logs, whatever the answers take: at most ${formatCount(arrivals.rates.reduce((a, b) => Math.max(a, b), 0))} a second, over at most ${formatCount(arrivals.connections)} connections`
    : `Users: ${stages}; ${think}`;
  return `${load}; ${profile.keepAlive ? 'connections kept alive' : 'one connection per request'}.${late}`;
}

function plots(report: Report): string[] {
  const { seconds, samples, gateSeconds, profile, totals } = report;
  const end = Math.max(totals.seconds, samples.at(-1)?.t ?? 0, 1);
  const of = <Row extends { t: number }>(list: readonly Row[], pick: (row: Row) => number | null) =>
    list.map((row) => [row.t, pick(row)] as const);
  const common = { seconds: end, loadEnd: totals.seconds };
  const limit = 'limit' in report.gate ? report.gate.limit : 0;
  const mongo = gateSeconds.length > 0 ? gateSeconds.slice(0, -1) : of(samples, (row) => row.mongoOperationsPerSecond);
  return [
    plot({
      ...common,
      title: 'Latency',
      unit: 'milliseconds, logarithmic',
      logarithmic: true,
      series: [
        { name: 'p50', color: 1, points: of(seconds, (row) => row.p50) },
        { name: 'p95', color: 2, points: of(seconds, (row) => row.p95) },
        { name: 'p99', color: 3, points: of(seconds, (row) => row.p99) },
      ],
      limit: { value: profile.thresholds.p95Ms, name: `p95 threshold ${formatMs(profile.thresholds.p95Ms)}` },
    }),
    plot({
      ...common,
      title: 'Throughput',
      unit: 'requests per second',
      series: [{ name: 'accepted', color: 1, area: true, points: of(seconds, (row) => row.accepted) }],
    }),
    plot({
      ...common,
      title: 'Users',
      unit: 'concurrent',
      series: [{ name: 'users', color: 4, area: true, points: of(seconds, (row) => row.users) }],
    }),
    plot({
      ...common,
      title: 'Errors and shed',
      unit: 'requests per second',
      atLeast: 5,
      series: [
        { name: 'shed (503)', color: 5, points: of(seconds, (row) => row.shed) },
        { name: 'errors', color: 3, points: of(seconds, (row) => row.errors) },
      ],
    }),
    plot({
      ...common,
      title: 'Lag',
      unit: 'records accepted and not yet stored',
      series: [{ name: 'lag', color: 2, area: true, points: of(samples, (row) => row.lag) }],
    }),
    plot({
      ...common,
      title: 'MongoDB',
      unit: gateSeconds.length > 0 ? 'operations per second, counted by the gate' : 'operations per second',
      atLeast: 5,
      series: [{ name: 'operations', color: 6, area: true, points: mongo }],
      ...(limit > 0 && { limit: { value: limit, name: `limit ${formatCount(limit)}` } }),
    }),
    plot({
      ...common,
      title: 'Cache hits',
      unit: 'share of reads, last 10 seconds',
      atLeast: 1,
      format: (value) => `${shortNumber(value * 100)} %`,
      series: [{ name: 'hit ratio', color: 1, points: of(samples, (row) => row.cacheHitRatio) }],
    }),
    plot({
      ...common,
      title: 'Documents',
      unit: 'in MongoDB',
      series: [{ name: 'documents', color: 6, area: true, points: of(samples, (row) => row.total_documents) }],
    }),
  ];
}
