// Figures of many processes: added up, and never counted twice while processes come and go.
import { describe, expect, test } from '@jest/globals';
import { composeSnapshot } from './compose.ts';
import type { Process } from './fleet.ts';
import { COMPONENTS, type Component } from './readings.ts';
import { CounterSeries } from './series.ts';

const NOW = 100_000;
const moment = { nowMs: NOW, at: 1_800_000_000_000, sinceMs: 0, components: COMPONENTS };

interface Shape {
  /** Growth of counters per second, by key. */
  readonly grows?: Readonly<Record<string, number>>;
  readonly gauges?: Readonly<Record<string, number>>;
  /** Ages of its first and its last answer, seconds. */
  readonly from?: number;
  readonly to?: number;
  readonly unreachable?: boolean;
  readonly gone?: boolean;
}

function process(component: Component, shape: Shape = {}): Process {
  const { grows = {}, gauges = {}, from = 20, to = 0, unreachable, gone } = shape;
  const series = new CounterSeries();
  for (let second = -from; second <= -to; second++)
    series.add(NOW + second * 1000, {
      startedAt: 1,
      counters: new Map(Object.entries(grows).map(([key, rate]) => [key, 5_000 + rate * (second + from)])),
    });
  return {
    component,
    address: '10.0.0.1:9464',
    series,
    gauges: new Map(Object.entries(gauges)),
    unreachable: unreachable ? { sinceMs: NOW - to * 1000, reason: 'connection refused' } : undefined,
    goneMs: gone ? NOW - to * 1000 : undefined,
  };
}

const api = (rate: number, more: Shape = {}) =>
  process('api', { grows: { requests: rate, accepted: rate * 5 }, ...more });

describe('the rate of several processes', () => {
  test.each<[string, Process[], number]>([
    ['none', [], 0],
    ['one', [api(100)], 100],
    ['three are added up', [api(100), api(100), api(50)], 250],
    ['one that is slow to answer works on as before', [api(100), api(100, { to: 2 })], 200],
    ['one that does not answer does nothing', [api(100, { to: 2, unreachable: true })], 60],
    ['one that left long ago', [api(100), api(100, { from: 60, to: 9, gone: true })], 100],
    ['one that left a moment ago', [api(100), api(100, { to: 1, gone: true })], 180],
    ['a new one counts from its first answer', [api(100), api(100, { from: 2 })], 140],
    ['polled once: nothing is known yet', [api(100, { from: 0 })], 0],
  ])('%s', (_what, processes, expected) => {
    expect(composeSnapshot(moment, processes).api.requests).toBeCloseTo(expected, 6);
  });

  test('in the first seconds the window begins with the console', () => {
    const young = { ...moment, sinceMs: NOW - 2_000 };
    expect(composeSnapshot(young, [api(100, { from: 2 })]).api.requests).toBeCloseTo(100, 6);
  });
});

describe('the system', () => {
  const latency = (fast: number, slow: number) => ({
    'latency.0.01': fast,
    'latency.0.1': fast,
    'latency.1': fast + slow,
    'latency.+Inf': fast + slow,
  });

  test('percentiles are those of all requests, not a mean of percentiles', () => {
    const { p50, p95, p99 } = composeSnapshot(moment, [
      process('api', { grows: latency(98, 0) }),
      process('api', { grows: latency(0, 2) }),
    ]).api;
    expect(p50).toBeLessThanOrEqual(10);
    expect(p95).toBeLessThanOrEqual(10);
    expect(p99).toBeCloseTo(550, 6);
  });

  test('the figures of each hop', () => {
    const found = composeSnapshot(moment, [
      process('api', {
        grows: { cacheHits: 90, cacheMisses: 10, 'shed.waited': 3, 'shed.queue_full': 0 },
        gauges: { connections: 40, lag: 900, lagBytes: 630, maxLength: 1_000, maxBytes: 2_000, deadLetters: 2 },
      }),
      process('api', { grows: { 'shed.waited': 1 }, gauges: { connections: 2, lag: 950, maxLength: 1_000 } }),
      process('consumer', {
        grows: { stored: 400, batches: 2, batchRecords: 402, retries: 0 },
        gauges: { storing: 1, lost: 3 },
      }),
      process('consumer', { gauges: { storing: 0, lost: 4 } }),
      process('gate', {
        grows: { 'operations.insert': 2, 'operations.find': 10 },
        gauges: { limit: 100, waiting: 4, mongoUp: 1 },
      }),
      process('producer', { grows: { 'messages.accepted': 7, 'messages.retried': 9 }, gauges: { rate: 8 } }),
    ]);
    expect(found).toMatchObject({
      api: { processes: 2, connections: 42, shed: { waited: 4 } },
      cache: { reads: 100, hitRatio: 0.9, misses: 10, errors: 0 },
      queue: { lag: 950, lagBytes: 630, maxLength: 1_000, maxBytes: 2_000, deadLetters: 2 },
      consumer: { processes: 2, stored: 400, lost: 7, batch: 201, storing: true },
      gate: { operations: 12, byKind: { insert: 2, find: 10 }, limit: 100, waiting: 4, mongoUp: true },
      producer: { processes: 1, accepted: 7, rate: 8 },
      unreachable: [],
    });
  });

  test('what no process reports is unknown, not 0', () => {
    expect(composeSnapshot(moment, [])).toMatchObject({
      api: { p95: null },
      cache: { hitRatio: null },
      queue: { lag: null, lagBytes: null, maxLength: null, maxBytes: null, deadLetters: null },
      consumer: { batch: null, delayP95: null, storing: null },
      gate: { limit: null, waiting: null, mongoUp: null },
      producer: { rate: null },
    });
  });

  test('a process that does not answer is named, and its gauges do not count', () => {
    const {
      api: found,
      queue,
      unreachable,
    } = composeSnapshot(moment, [
      api(1, { gauges: { connections: 9, lag: 5 }, to: 7, unreachable: true }),
      api(1, { gauges: { connections: 1, lag: 3 } }),
    ]);
    expect([found.processes, found.connections, queue.lag]).toEqual([1, 1, 3]);
    expect(unreachable).toEqual([
      { component: 'api', address: '10.0.0.1:9464', reason: 'connection refused', seconds: 7 },
    ]);
  });
});
