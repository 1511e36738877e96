import { describe, expect, test } from '@jest/globals';
import { formatMs, formatPercent, formatSeconds } from '../../tooling/report/format.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { PROFILES } from '../profiles.ts';
import type { Sample } from '../stats.ts';
import { renderHtml } from './html.ts';
import { checksOf, type Report } from './report.ts';
import { renderStatus, renderSummary, renderVerdict } from './terminal.ts';

const latency = { min: 1, mean: 10, p50: 9, p90: 20, p95: 30, p99: 50, p999: 90, max: 100 };
const totals = {
  seconds: 10,
  requests: 1000,
  accepted: 1000,
  shed: 0,
  refused: 0,
  unknown: 0,
  badAnswers: 0,
  shortReads: 0,
  problems: {},
  latency,
  engine: { cpuPercent: 20, lateP99Ms: 1, memoryMiB: 80 },
};
const ledger: Ledger = {
  requests: { accepted: 1000, refused: 0, unknown: 0 },
  promised: 5000,
  stored: 5000,
  lost: 0,
  dead: 0,
  unexpectedDead: 0,
  phantom: 0,
  double: 0,
  corrupt: 0,
  torn: 0,
  unknownStored: 0,
  unknownAbsent: 0,
  examples: [],
  ok: true,
};
const gate = { limit: 100, seconds: 12, maxOperations: 80, meanOperations: 40, above: [], ok: true };
const losses = { processes: 2, records: 0, ok: true };
const drain = { drained: true, seconds: 2, maxLag: 1234 };
const thresholds = PROFILES.smoke!.thresholds;
const good = { totals, ledger, losses, gate, drain, thresholds };
const failing = (changes: object) => checksOf({ ...good, ...changes }).filter(({ ok }) => ok === false);

describe('the verdict', () => {
  test('passes when everything holds', () => expect(failing({})).toEqual([]));
  test.each([
    ['p95 latency', { totals: { ...totals, latency: { ...latency, p95: 2000 } } }],
    ['p99 latency', { totals: { ...totals, latency: { ...latency, p99: 5001 } } }],
    ['failed requests', { totals: { ...totals, accepted: 990 } }],
    ['queue drained', { drain: { ...drain, drained: false } }],
    ['ledger', { ledger: { ...ledger, lost: 1, ok: false } }],
    ['ledger', { ledger: { failed: 'unreachable' } }],
    ['lost records', { losses: { ...losses, records: 1, ok: false } }],
    ['lost records', { losses: { failed: 'unreachable' } }],
    ['gate', { gate: { ...gate, above: [[1, 101]], maxOperations: 101, ok: false } }],
    ['gate', { gate: { failed: 'unreachable' } }],
  ])('fails on %s', (name, changes) => expect(failing(changes).map((check) => check.name)).toEqual([name]));

  test('passes just under one percent of failures', () =>
    expect(failing({ totals: { ...totals, accepted: 991 } })).toEqual([]));
  test('fails when no request was answered', () => {
    const nothing = { ...totals, requests: 0, accepted: 0, latency: null };
    expect(failing({ totals: nothing }).map(({ name }) => name)).toEqual([
      'p95 latency',
      'p99 latency',
      'failed requests',
    ]);
  });
  test('a skipped check neither fails nor passes', () => {
    const checks = checksOf({ ...good, gate: { skipped: 'no gate was given' } });
    expect(checks.find(({ name }) => name === 'gate')).toMatchObject({
      ok: null,
      found: 'not checked: no gate was given',
    });
  });
});

const report: Report = {
  run: 'smoke-1',
  profile: PROFILES.smoke!,
  engine: 'builtin',
  target: 'http://127.0.0.1:8000',
  startedAt: '2026-01-01T00:00:00.000Z',
  machine: { cpus: 2, model: 'a <fast> one', memoryMiB: 1024, node: 'v24' },
  interrupted: false,
  ...good,
  scaling: [],
  seconds: [0, 1, 2].map((t) => ({
    t,
    users: 5,
    requests: 100,
    accepted: 100,
    shed: 0,
    errors: 0,
    p50: 1,
    p95: 2,
    p99: 3,
    max: 4,
  })),
  samples: [],
  gateSeconds: [
    [0, 10],
    [1, 12],
  ],
  checks: checksOf(good),
  ok: true,
};

describe('the page', () => {
  const page = renderHtml(report);
  test('is self-contained', () => expect(page).not.toMatch(/<script|<link|src=|url\(|@import/));
  test('has every plot', () => {
    for (const title of ['Latency', 'Throughput', 'Errors and shed', 'Lag', 'MongoDB', 'Cache hits'])
      expect(page).toContain(`<b>${title}</b>`);
    expect(page).toContain('limit 100');
  });
  test('escapes what comes from outside', () => {
    expect(page).toContain('a &lt;fast&gt; one');
    expect(renderHtml({ ...report, totals: { ...totals, problems: { '<img>': 3 } } })).toContain('&lt;img&gt;');
  });
  test('shows a failure', () => {
    const bad = { ...report, ok: false, ledger: { ...ledger, lost: 7, ok: false, examples: ['lost run/1/2#3'] } };
    expect(renderHtml(bad)).toMatch(/verdict bad">failed/);
    expect(renderHtml(bad)).toContain('lost run/1/2#3');
  });
  test('can be rendered without any data', () => {
    const nothing = { ...totals, requests: 0, accepted: 0, latency: null, seconds: 0 };
    const empty = {
      ...report,
      totals: nothing,
      seconds: [],
      gateSeconds: [],
      ledger: { skipped: 'x' },
      gate: { failed: 'y' },
    };
    expect(renderHtml(empty)).not.toMatch(/NaN|undefined|Infinity/);
    expect(renderSummary(empty)).not.toMatch(/NaN|undefined|Infinity/);
  });
});

test('the summary has the main figures', () => {
  const text = renderSummary(report);
  for (const part of ['100 a second', 'p95 30.0 ms', 'at most 1,234', '5,000 records promised', '✓ gate'])
    expect(text).toContain(part);
  expect(renderSummary({ ...report, checks: checksOf({ ...good, drain: { ...drain, drained: false } }) })).toContain(
    '✗ queue drained',
  );
});

test('the report says how fast pods followed the load', () => {
  const scaling = [{ app: 'api', before: 2, most: 6, decided: 31, firstReady: 38, allReady: 70 }];
  const text = 'decided after 31.0 s, first ready after 38.0 s, all ready after 70.0 s';
  expect(renderSummary({ ...report, scaling })).toContain(`scaling   api from 2 to 6 pods: ${text}`);
  expect(renderHtml({ ...report, scaling })).toMatch(new RegExp(`api pods.*2 to 6.*${text}`));
});

test('the status line shows unknown values as such', () => {
  const row = { ...report.seconds[0]!, p95: null };
  expect(renderStatus(row, 10, undefined)).toBe(
    '   1/10 s  5 users  100 req/s  p95 –  lag –  MongoDB – op/s  shed 0  errors 0',
  );
});

test('the status line says how old the numbers of the queue are when new ones are missing', () => {
  const row = report.seconds[0]!;
  const sample = { t: 1, lag: 1_234, mongoOperationsPerSecond: 99 } as Sample;
  expect(renderStatus(row, 10, sample, 1.2)).toContain('lag 1,234  MongoDB 99 op/s  shed');
  expect(renderStatus(row, 10, sample, 100.4)).toContain('lag 1,234  MongoDB 99 op/s  (100 s ago)  shed');
});

test('the report says for how long the numbers of the queue were missing', () => {
  const samples = [1, 2, 8].map((t) => ({ t, lag: 1 }) as Sample);
  const stale = { ...report, totals: { ...totals, seconds: 10 }, samples };
  expect(renderSummary(stale)).toContain('no new numbers of the queue for up to 6.0 s');
  expect(renderHtml(stale)).toContain('no new numbers for up to 6.0 s');
  const fresh = { ...stale, samples: [1, 2, 3, 4, 5, 6, 7, 8, 9].map((t) => ({ t, lag: 1 }) as Sample) };
  expect(renderSummary(fresh) + renderHtml(fresh)).not.toContain('no new numbers');
});

test.each([
  [formatMs(0.5), '0.5 ms'],
  [formatMs(123.4), '123 ms'],
  [formatMs(2345), '2.35 s'],
  [formatPercent(0), '0 %'],
  [formatPercent(0.0034), '0.34 %'],
  [formatPercent(0.5), '50 %'],
  [formatSeconds(59.96), '60.0 s'],
  [formatSeconds(780), '13 min 0 s'],
])('%s', (found, expected) => expect(found).toBe(expected));

const fine = { name: 'ledger', found: 'clean', limit: '', ok: true };
test.each<[Report['checks'], number | null, string]>([
  [[fine], 12.34, 'passed; 12,345 requests, p95 12.3 ms; r.html'],
  [[{ ...fine, ok: null }], null, 'passed; 12,345 requests; r.html'],
  [
    [fine, { name: 'p95 latency', found: '2.5 s', limit: '< 2 s', ok: false }],
    2_500,
    'failed: p95 latency 2.5 s; 12,345 requests, p95 2.50 s; r.html',
  ],
])('the verdict in one line', (checks, p95, expected) => {
  const some = { ...totals, requests: 12_345, latency: p95 === null ? null : { ...latency, p95 } };
  expect(renderVerdict({ ...report, totals: some, checks }, 'r.html')).toBe(expected);
});
