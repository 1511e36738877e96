// What the console hears of a load that it started.
import { expect, test } from '@jest/globals';
import { verdictInWords } from './ipc.ts';
import type { Report } from './report/report.ts';

const report = (checks: Report['checks'], p95: number | null): Report =>
  ({ totals: { requests: 12_345, latency: p95 === null ? null : { p95 } }, checks }) as unknown as Report;
const fine = { name: 'ledger', found: 'clean', limit: '', ok: true };

test.each<[Report['checks'], number | null, string]>([
  [[fine], 12.34, 'passed; 12,345 requests, p95 12.3 ms; r.html'],
  [[{ ...fine, ok: null }], null, 'passed; 12,345 requests; r.html'],
  [
    [fine, { name: 'p95 latency', found: '2.5 s', limit: '< 2 s', ok: false }],
    2_500,
    'failed: p95 latency 2.5 s; 12,345 requests, p95 2.50 s; r.html',
  ],
])('the verdict in a line', (checks, p95, expected) => {
  expect(verdictInWords(report(checks, p95), 'r.html')).toBe(expected);
});
