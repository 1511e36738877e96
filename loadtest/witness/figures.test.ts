import { expect, test } from '@jest/globals';
import { Figures } from './figures.ts';
import { judge, judgeFailure } from './outcome.ts';

const ids = ['1', '2', '3', '4', '5'];
const accepted = judge(200, JSON.stringify({ status: 'success', writes: ids, reads: ids }));
const shed = judge(503, JSON.stringify({ code: 'OVERLOADED' }));
const unknown = judgeFailure(Object.assign(new Error(), { code: 'TIMEOUT' }), true);
const engine = { cpuPercent: null, lateP99Ms: null, memoryMiB: null };

test('percentiles are exact to a thousandth', () => {
  const figures = new Figures();
  for (let i = 1; i <= 10_000; i++) figures.add(accepted, i / 10);
  const { latency } = figures.totals(10, engine);
  for (const [key, value] of Object.entries({ p50: 500, p90: 900, p95: 950, p99: 990, p999: 999, max: 1000 }))
    expect(Math.abs(latency![key as 'p50'] - value) / value).toBeLessThan(0.001);
});

test('sums distinguish accepted, shed, refused, unknown and bad answers', () => {
  const figures = new Figures();
  figures.add(accepted, 10);
  figures.add(judge(200, JSON.stringify({ status: 'success', writes: ids, reads: [] })), 10);
  figures.add(shed, 1);
  figures.add(judge(400, '{"code":"BAD"}'), 1);
  figures.add(unknown, 60_000);
  figures.add(judge(200, 'nonsense'), 10);
  expect(figures.totals(1, engine)).toMatchObject({
    requests: 6,
    accepted: 2,
    shed: 1,
    refused: 1,
    unknown: 1,
    badAnswers: 1,
    shortReads: 1,
    problems: { '503 OVERLOADED': 1, '400 BAD': 1, TIMEOUT: 1, 'a 200 without five ids': 1 },
  });
});

test('fast refusals do not improve the latency, slow unknown requests count', () => {
  const figures = new Figures();
  for (let i = 0; i < 99; i++) figures.add(shed, 0.1);
  figures.add(accepted, 100);
  expect(figures.totals(1, engine).latency!.p50).toBeCloseTo(100, 0);
  figures.add(unknown, 60_000);
  expect(figures.totals(1, engine).latency!.max / 60_000).toBeCloseTo(1, 2);
});

test('each second starts at zero', () => {
  const figures = new Figures();
  figures.add(accepted, 5);
  figures.add(shed, 5);
  expect(figures.takeSecond(0, 7)).toMatchObject({ t: 0, users: 7, requests: 2, accepted: 1, shed: 1, errors: 0 });
  expect(figures.takeSecond(1, 7)).toMatchObject({ requests: 0, p50: null, p95: null, p99: null, max: null });
  figures.add(unknown, 5);
  expect(figures.takeSecond(2, 7)).toMatchObject({ requests: 1, errors: 1 });
  expect(figures.totals(3, engine).requests).toBe(3);
});

test('without requests there is no latency', () => expect(new Figures().totals(1, engine).latency).toBeNull());
