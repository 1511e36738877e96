// The thresholds: their defaults, and that those with a config key follow it.
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../config/parse.ts';
import { configKeys } from '../config/schema.ts';
import { kafkaSizeOf, type Threshold, thresholdsOf } from './thresholds.ts';

/** Every threshold of a stack, by name. */
function allOf(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, Threshold>> {
  const config = parseStackConfig(raw);
  return { ...thresholdsOf(config), ...kafkaSizeOf(config) };
}

test('the defaults', () => {
  expect(Object.fromEntries(Object.entries(allOf({})).map(([name, { value }]) => [name, value]))).toEqual({
    latencyP95: 2,
    latencyP99: 5,
    errorBudget: 0.01,
    fastBurn: 14.4,
    slowBurn: 6,
    yellow: 0.5,
    drainTime: 600,
    lagGrowth: 1_000,
    lagWindow: 30,
    queueNearlyFull: 0.8,
    retentionUsed: 0.25,
    stalledFor: 10,
    storeDelayP95: 3,
    storedLateFor: 10,
    gateLoad: 0.95,
    databaseCpu: 0.9,
    redisMemory: 0.9,
    redisPinned: 0.5,
    cacheHits: 0.9,
    cacheHitsLow: 0.7,
    persistsFor: 5,
    unreachableFor: 10,
    diskFree: 0.15,
    diskFreeSoon: 0.5,
    diskHorizon: 86_400,
    brokers: 3,
    voters: 3,
  });
});

describe('a threshold with a config key', () => {
  const changes: Readonly<Record<string, readonly [changed: Record<string, unknown>, value: number]>> = {
    latencyP95: [{ 'monitoring:latencyLimitMs': 500 }, 0.5],
    errorBudget: [{ 'monitoring:errorBudgetPercent': 0.1 }, 0.001],
    brokers: [{ 'kafka:brokers': 5 }, 5],
    voters: [{ 'kafka:brokers': 1, 'kafka:replicationFactor': 1, 'kafka:minInsyncReplicas': 1 }, 1],
  };

  test.each(Object.entries(changes))('%s follows it', (name, [changed, value]) => {
    expect(allOf(changed)[name]!.value).toBe(value);
  });

  test('names one that exists; the others say why they have their value', () => {
    const keys = new Set(configKeys.map(({ key }) => key));
    for (const [name, { source }] of Object.entries(allOf({})))
      if (/^\w+:\w+$/.test(source)) expect([name, keys.has(source), name in changes]).toEqual([name, true, true]);
      else expect(source).toMatch(/^[A-Z].*(\.|\/)$/);
  });
});

test('a stack without a Kafka of its own has no sizes to compare with', () => {
  expect(kafkaSizeOf(parseStackConfig({ 'queue:kind': 'redis-streams' }))).toBeUndefined();
});
