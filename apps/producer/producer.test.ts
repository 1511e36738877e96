import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { QueueOutcomeUnknownError, QueueRefusedError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import { payloadFor } from '../shared/payload.ts';
import { createQueue } from '../shared/queue/create.ts';
import type { Queue, QueueWriter } from '../shared/queue/queue.ts';
import type { NewRecords } from '../shared/record.ts';
import { createProducerMetrics } from './metrics.ts';
import { Producer } from './producer.ts';

const redis = useRedis();
const logger = createLogger('test', 'silent');
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function produce(writer: QueueWriter, rate: number, registry = new Registry()): Producer {
  const metrics = createProducerMetrics(registry);
  const producer = new Producer({ writer, rate, payloadChars: 64, instance: 'me', metrics, logger });
  stops.push(() => producer.stop());
  return producer;
}

function openQueue(name: string): Queue {
  const queue = createQueue(
    {
      QUEUE_KIND: 'redis-streams',
      QUEUE_NAME: name,
      QUEUE_GROUP: 'g',
      QUEUE_MAX_LENGTH: 1e6,
      QUEUE_MAX_BYTES: 1e9,
      REDIS_URL: redis.url,
    },
    logger,
  );
  stops.push(() => queue.close());
  return queue;
}

/** A writer whose behaviour the test decides. */
function fakeWriter(accept: (records: NewRecords, group: string) => Promise<void>): QueueWriter {
  return {
    accept: async (records, group) => accept(records, group!).then(() => []),
    ready: () => true,
    close: async () => undefined,
  };
}

describe('producer', () => {
  test.each([20, 500, 5_000])(
    'keeps a rate of %d into a real queue, with records that can be checked',
    async (rate) => {
      const queue = openQueue(`rate-${rate}`);
      const begun = performance.now();
      const producer = produce(await queue.writer(), rate);
      await until(() => producer.accepted >= rate * 1.5);
      const seconds = (performance.now() - begun) / 1000;
      expect(producer.accepted / seconds).toBeGreaterThan(rate * 0.8);
      expect(producer.accepted / seconds).toBeLessThan(rate * 1.1 + 1);
      await producer.stop();
      await producer.stop();
      expect((await queue.depth()).accepted).toBe(producer.accepted);
      const batch = await (await queue.reader({ batchSize: 5, batchBytes: 1 << 20, flushIntervalMs: 10 })).next();
      for (const { type, origin, index, payload } of batch!.documents.records()) {
        expect(type).toBe('message');
        expect(origin).toMatch(/^producer\/me\/\d+$/);
        expect(payload).toBe(payloadFor(origin, index, 64));
      }
    },
  );

  test('the rate can be changed while it runs, and 0 pauses', async () => {
    const registry = new Registry();
    const producer = produce(
      fakeWriter(async () => undefined),
      0,
      registry,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(producer.accepted).toBe(0);
    producer.setRate(1_000);
    await until(() => producer.accepted > 50);
    producer.setRate(0);
    const { accepted } = producer;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(producer.accepted - accepted).toBeLessThanOrEqual(1);
    expect(() => producer.setRate(0.001)).toThrow(RangeError);
    expect(await registry.metrics()).toContain('breakwater_producer_target_messages_per_second 0');
  });

  test('after an unknown outcome the same records are sent again, with the same ids', async () => {
    const calls: string[][] = [];
    const writer = fakeWriter(async (records, group) => {
      calls.push([group, records.origin, ...records.payloads]);
      if (calls.length < 3) throw new QueueOutcomeUnknownError('perhaps');
    });
    const registry = new Registry();
    const producer = produce(writer, 1, registry);
    await until(() => producer.accepted > 0);
    await producer.stop();
    expect(new Set(calls.slice(0, 3).map(String)).size).toBe(1);
    expect(await registry.metrics()).toMatch(/messages_total\{outcome="retried"\} 2/);
  });

  test('a slow queue lowers the rate instead of filling the memory', async () => {
    let open = 0;
    let most = 0;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const producer = produce(
      fakeWriter(async () => {
        most = Math.max(most, ++open);
        await gate;
        open--;
      }),
      20_000,
    );
    await until(() => open === 16);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(most).toBe(16);
    release();
    await until(() => producer.accepted > 5_000);
  });

  test('messages that are refused permanently are dropped and counted', async () => {
    const registry = new Registry();
    const producer = produce(
      fakeWriter(async () => {
        throw new QueueRefusedError('too large');
      }),
      100,
      registry,
    );
    await until(async () => /messages_total\{outcome="refused"\} [1-9]/.test(await registry.metrics()));
    expect(producer.accepted).toBe(0);
  });
});
