import { expect, test } from '@jest/globals';
import { snapshot } from './console.testing.ts';
import { COLUMNS, HISTORY_MS, History, type Point, pointOf } from './history.ts';

const named = (point: Point) => Object.fromEntries(COLUMNS.map((name, i) => [name, point[i]]));

test('a point has a number for every column', () => {
  const one = snapshot({ api: { shed: { waited: 2, queue_full: 1 } }, producer: { accepted: 10 } });
  expect(named(pointOf(one))).toEqual({
    at: one.at,
    requests: 1_000,
    shed: 3,
    p50: 4,
    p95: 12,
    p99: 30,
    accepted: 5_010,
    stored: 5_000,
    lag: 1_200,
    operations: 62,
    hitRatio: 0.98,
  });
});

test('an unknown number leaves a gap', () => {
  const one = snapshot({
    api: { processes: 0, requests: 0 },
    gate: { processes: 0, operations: 0 },
    queue: { lag: null },
  });
  expect(named(pointOf(one))).toMatchObject({ requests: null, shed: null, operations: null, lag: null });
});

test('keeps five minutes', () => {
  const history = new History();
  for (let second = 0; second <= 1_000; second++) history.add(pointOf(snapshot({ at: second * 1000 })));
  expect(history.points.at(-1)![0]).toBe(1_000_000);
  expect(history.points[0]![0]).toBe(1_000_000 - HISTORY_MS);
});
