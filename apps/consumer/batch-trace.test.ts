// The spans of a batch: in the trace of each of its sampled requests, also when storing it fails.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MongoNetworkError } from 'mongodb';
import { Registry } from 'prom-client';
import { silent } from '../../test/api.ts';
import { OtlpReceiver } from '../../test/otlp-receiver.ts';
import { Documents } from '../shared/group.ts';
import type { Batch } from '../shared/queue/queue.ts';
import { makeRecords } from '../shared/record.testing.ts';
import { createTracing } from '../shared/tracing/create.ts';
import type { Tracing } from '../shared/tracing/tracing.ts';
import { traceBatches } from './batch-trace.ts';
import { Consumer, type ConsumerParts } from './consumer.ts';
import { createConsumerMetrics } from './metrics.ts';

const traceIds = ['1', '2'].map((digit) => digit.repeat(32));
const batch: Batch = {
  documents: Documents.ofRecords(makeRecords('post', 'traced', ['a', 'b', 'c'])),
  accepted: [],
  traceparents: [...traceIds.map((id) => `00-${id}-${'3'.repeat(16)}-01`), 'not a trace'],
  redelivered: 0,
  lost: 0,
  acknowledge: async () => undefined,
};

let receiver: OtlpReceiver;
let tracing: Tracing;
beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  const settings = { TRACING_ENDPOINT: receiver.url, TRACING_SAMPLE_RATIO: 1 };
  tracing = (await createTracing(settings, { app: 'consumer', registry: new Registry(), logger: silent }))!;
});
afterEach(() => receiver.close());

/** A consumer of one batch. */
function consume(insert: ConsumerParts['store']['insert'], acknowledge: Batch['acknowledge']): Consumer {
  const batches = [{ ...batch, acknowledge }];
  return new Consumer({
    reader: { next: async () => batches.shift(), close: async () => undefined },
    store: { insert },
    limiter: { acquire: async () => 0 },
    metrics: createConsumerMetrics(new Registry()),
    logger: silent,
    workMs: 0,
    startTrace: traceBatches(tracing, { kind: 'kafka', name: 'posts', group: 'store' }, 'mongodb'),
  });
}

/** The spans of each trace, in the order in which they ended. */
async function exported(consumer: Consumer) {
  await consumer.stop();
  await tracing.close();
  expect(new Set(receiver.spans.map(({ traceId }) => traceId))).toEqual(new Set(traceIds));
  return traceIds.map((id) => receiver.trace(id).map(({ name, attributes }) => [name, attributes['error.type']]));
}

test('each attempt to store it is a span', async () => {
  let attempts = 0;
  const acknowledged = Promise.withResolvers<void>();
  const insert = async () => {
    if (attempts++ === 0) throw new MongoNetworkError('away');
    return { stored: 3, duplicates: 0, refused: [] };
  };
  const consumer = consume(insert, async () => acknowledged.resolve());
  await acknowledged.promise;
  const expected = [
    ['insert records', 'MongoNetworkError'],
    ['insert records', undefined],
    ['process posts', undefined],
  ];
  expect(await exported(consumer)).toEqual([expected, expected]);
  expect(receiver.spans[0]).toMatchObject({ attributes: { 'db.operation.batch.size': 3 } });
});

test('a batch that could not be acknowledged has failed', async () => {
  const acknowledged = Promise.withResolvers<void>();
  const consumer = consume(
    async () => ({ stored: 3, duplicates: 0, refused: [] }),
    async () => {
      acknowledged.resolve();
      throw new TypeError('the queue is away');
    },
  );
  await acknowledged.promise;
  const expected = [
    ['insert records', undefined],
    ['process posts', 'TypeError'],
  ];
  expect(await exported(consumer)).toEqual([expected, expected]);
});

test('a consumer that stops before the batch is stored ends its spans', async () => {
  const attempted = Promise.withResolvers<void>();
  const consumer = consume(
    async () => {
      attempted.resolve();
      throw new MongoNetworkError('away');
    },
    async () => undefined,
  );
  await attempted.promise;
  const [first, second] = await exported(consumer);
  expect(first).toEqual(second);
  expect(first!.at(-1)).toEqual(['process posts', 'stopped']);
});
