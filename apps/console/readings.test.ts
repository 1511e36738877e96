// The metrics that the console reads are those that the apps write.
import { describe, expect, test } from '@jest/globals';
import type { Registry } from 'prom-client';
import { createApiMetrics } from '../api/metrics.ts';
import { createQueueMetrics } from '../api/queue-metrics.ts';
import { createConsumerMetrics } from '../consumer/metrics.ts';
import { createGateMetrics } from '../gate/metrics.ts';
import { createProducerMetrics } from '../producer/metrics.ts';
import { createRegistry } from '../shared/metrics.ts';
import { type Component, metricsReadFrom, readingOf } from './readings.ts';
import { parsePrometheus } from './scrape.ts';

const makers: Record<Component, (registry: Registry) => void> = {
  api(registry) {
    const metrics = createApiMetrics(registry);
    const depth = () => ({ accepted: 9, lag: 4, lagBytes: 2_800, deadLetters: 1 });
    createQueueMetrics(registry, depth, { name: 'posts', maxLength: 100, maxBytes: 70_000 });
    const request = (route: string, status: number, seconds: number) =>
      metrics.requestSeconds.observe({ method: 'GET', route, status }, seconds);
    request('/api/data', 200, 0.004);
    request('/api/data', 503, 0.0001);
    request('/api/data', 499, 0.0001);
    request('/api/stats', 200, 0.004);
    metrics.shed.inc({ reason: 'waited' }, 2);
    metrics.accepted.inc(5);
    metrics.connections.set(7);
  },
  consumer(registry) {
    const metrics = createConsumerMetrics(registry);
    metrics.batchRecords.observe(400);
    metrics.lost.inc(3);
    metrics.storeDelaySeconds.observe(0.3);
  },
  gate(registry) {
    const readings = {
      operationsPerSecond: () => 1,
      queueLength: () => 2,
      connections: () => 3,
      upstreamUp: () => true,
    };
    const metrics = createGateMetrics(registry, 100, readings);
    metrics.operation('insert');
    metrics.waited(0.02);
  },
  producer(registry) {
    const metrics = createProducerMetrics(registry);
    metrics.rate.set(40);
    metrics.messages.inc({ outcome: 'accepted' }, 9);
  },
};

async function samplesOf(component: Component) {
  const registry = createRegistry(component);
  makers[component](registry);
  return parsePrometheus(await registry.metrics());
}

describe('what the console reads', () => {
  test.each(Object.keys(makers) as Component[])(
    'the %s writes every metric that is read from it',
    async (component) => {
      const written = new Set((await samplesOf(component)).map(({ name }) => name));
      expect(metricsReadFrom(component).filter((name) => !written.has(name))).toEqual([]);
    },
  );

  test('requests do not include polls of the statistics, latencies no refusals', async () => {
    const { counters, gauges, startedAt } = readingOf('api', await samplesOf('api'));
    expect(counters.get('requests')).toBe(3);
    expect(counters.get('latency.+Inf')).toBe(1);
    expect(counters.get('latency.0.0025')).toBe(0);
    expect(counters.get('latency.0.005')).toBe(1);
    expect(counters.get('shed.waited')).toBe(2);
    expect([...gauges]).toEqual(
      expect.arrayContaining([
        ['connections', 7],
        ['lag', 4],
        ['lagBytes', 2_800],
        ['deadLetters', 1],
        ['maxLength', 100],
        ['maxBytes', 70_000],
      ]),
    );
    expect(startedAt).toBeGreaterThan(1.7e9);
  });

  test('lost records are those since the start of the process, whether or not their increase was seen', async () => {
    expect(readingOf('consumer', await samplesOf('consumer')).gauges.get('lost')).toBe(3);
  });

  test('series of other labels are added up', () => {
    const sample = (status: string, value: number) => ({
      name: 'breakwater_http_request_duration_seconds_count',
      labels: { status },
      value,
    });
    expect(readingOf('api', [sample('200', 3), sample('400', 4)]).counters.get('requests')).toBe(7);
  });

  test('missing metrics are left out', () => {
    expect(readingOf('gate', [])).toEqual({ startedAt: undefined, counters: new Map(), gauges: new Map() });
  });
});
