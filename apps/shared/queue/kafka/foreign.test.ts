// Records that other programs send: docs/kafka-clients.md states what these tests show.
import { afterEach, describe, expect, test } from '@jest/globals';
import { Producer, type ProducerOptions } from '@platformatic/kafka';
import { parseStackConfig } from '../../../../config/parse.ts';
import { topicPlan } from '../../../../config/servers.ts';
import { useKafka } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { QueueFullError } from '../../errors.ts';
import { createLogger } from '../../logger.ts';
import type { DataRecord } from '../../record.ts';
import type { QueueReader } from '../queue.ts';
import { useAdmin } from './admin.testing.ts';
import { KafkaQueue } from './queue.ts';

type Foreign = Producer<Buffer, Buffer, Buffer, Buffer>;

const kafka = useKafka();
const admin = useAdmin(kafka);
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

let topics = 0;

/** A queue whose topics are declared as in every stack, on one partition. */
async function openQueue(limits: { maxLength?: number } = {}, changes: Readonly<Record<string, string>> = {}) {
  const name = `foreign-${topics++}`;
  for (const { name: topic, config } of topicPlan(parseStackConfig({ 'queue:name': name }))) {
    const configs = Object.entries({ ...config, 'min.insync.replicas': '1', ...(topic === name && changes) }).map(
      ([key, value]) => ({
        name: key,
        value,
      }),
    );
    await admin().createTopics({ topics: [topic], partitions: 1, replicas: 1, configs });
  }
  const options = { brokers: kafka.url.split(','), name, group: `store-${name}`, maxLength: 1_000, maxBytes: 1e9 };
  const queue = new KafkaQueue({ ...options, ...limits }, logger);
  closers.push(() => queue.close());
  return { name, queue };
}

/** Another program's producer. */
function openProducer(options: Partial<ProducerOptions<Buffer, Buffer, Buffer, Buffer>> = {}): Foreign {
  const producer: Foreign = new Producer({ clientId: 'foreign', bootstrapBrokers: kafka.url.split(','), ...options });
  closers.push(() => producer.close());
  return producer;
}

async function send(topic: string, values: readonly (string | Buffer | null)[], producer = openProducer()) {
  const messages = values.map((value) => ({
    topic,
    partition: 0,
    value: (value === null ? null : Buffer.from(value)) as Buffer,
  }));
  await producer.send({ messages, acks: -1 });
}

const record = (n: number, changes: Partial<Record<keyof DataRecord, unknown>> = {}) => ({
  _id: n.toString(16).padStart(24, '0'),
  type: 'order',
  index: 0,
  payload: `payload ${n}`,
  createdAt: '2026-01-02T03:04:05.678Z',
  origin: 'shop',
  ...changes,
});
const json = (...args: Parameters<typeof record>) => JSON.stringify(record(...args));

const readFrom = async (queue: KafkaQueue): Promise<QueueReader> => {
  const reader = await queue.reader({ batchSize: 100, batchBytes: 4 << 20, flushIntervalMs: 200 });
  closers.push(() => reader.close());
  return reader;
};

/** Acknowledges all that waits. */
async function readAll(queue: KafkaQueue): Promise<DataRecord[]> {
  const reader = await readFrom(queue);
  const records: DataRecord[] = [];
  while ((await queue.depth()).lag > 0) {
    const batch = (await reader.next())!;
    records.push(...batch.documents.records());
    await batch.acknowledge();
  }
  return records;
}

describe('what is stored', () => {
  test('the six fields of the message, under its own id; whatever else it has is left out', async () => {
    const { name, queue } = await openQueue();
    const sent = record(1, { payload: 'Grüße 🌊\u0000', index: 7 });
    const headers = new Map([[Buffer.from('more'), Buffer.from('yes')]]);
    const message = { topic: name, partition: 0, key: Buffer.from('key'), headers };
    const value = Buffer.from(JSON.stringify({ ...sent, more: true }));
    await openProducer().send({ messages: [{ ...message, value }], acks: -1 });
    expect(await readAll(queue)).toEqual([sent]);
  });

  test.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.678901+00:00', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T05:04:05.678+02:00', '2026-01-02T03:04:05.678Z'],
  ])('a time with its offset, to the millisecond: %s', async (createdAt, stored) => {
    const { name, queue } = await openQueue();
    await send(name, [json(1, { createdAt })]);
    expect(await readAll(queue)).toMatchObject([{ createdAt: stored }]);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('a batch compressed with %s', async (compression) => {
    const { name, queue } = await openQueue({}, { 'compression.type': 'producer' });
    await send(name, [json(1), json(2)], openProducer({ compression }));
    expect(await readAll(queue)).toEqual([record(1), record(2)]);
  });

  test.each([0, 86_400_000, Date.now() + 3_600_000])(
    'a message counts from when the broker got it, whatever its timestamp says: %d',
    async (timestamp) => {
      const { name, queue } = await openQueue();
      const before = Date.now();
      const message = { topic: name, partition: 0, timestamp: BigInt(timestamp), value: Buffer.from(json(1)) };
      await openProducer().send({ messages: [message], acks: -1 });
      const { accepted } = (await (await readFrom(queue)).next())!;
      expect(accepted).toEqual([{ at: expect.any(Number), records: 1 }]);
      expect(accepted[0]!.at).toBeGreaterThanOrEqual(before);
      expect(accepted[0]!.at).toBeLessThanOrEqual(Date.now());
    },
  );

  test('the records of a transaction that is aborted, too', async () => {
    const { name, queue } = await openQueue();
    const transaction = await openProducer({ idempotent: true, transactionalId: 'undecided' }).beginTransaction();
    await transaction.send({ messages: [{ topic: name, partition: 0, value: Buffer.from(json(1)) }] });
    await transaction.abort();
    expect(await readAll(queue)).toEqual([record(1)]);
  });

  test('the records of a transaction; its marker is no record and does not wait', async () => {
    const { name, queue } = await openQueue();
    const producer = openProducer({ idempotent: true, transactionalId: 'shop' });
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: [{ topic: name, partition: 0, value: Buffer.from(json(1)) }] });
    await transaction.commit();
    expect(await readAll(queue)).toEqual([record(1)]);
    expect(await queue.depth()).toMatchObject({ accepted: 2, lag: 0, deadLetters: 0 });
  });
});

describe('what is no record becomes a dead letter, and its neighbours are stored', () => {
  test.each<[string, string | Buffer | null, string]>([
    ['no value', null, 'the message is empty'],
    ['no JSON', '<xml/>', 'not JSON'],
    ['a field is missing', json(2, { origin: undefined }), 'origin is not a string'],
    ['an id of another form', json(2, { _id: 'order-2' }), '_id is not 24 hexadecimal digits'],
    ['an id with capitals', json(2, { _id: 'ABCDEF'.repeat(4) }), '_id is not 24 hexadecimal digits'],
    ['a time without an offset', json(2, { createdAt: '2026-01-02T03:04:05' }), 'createdAt is not a time'],
    ['a time in words', json(2, { createdAt: 'May 1' }), 'createdAt is not a time'],
    ['half a surrogate pair', json(2, { payload: 'a\ud83d' }), 'payload is not well-formed Unicode'],
    ['bytes that are not UTF-8', Buffer.from(json(2, { payload: 'é' }), 'latin1'), 'not UTF-8'],
  ])('%s', async (_, value, reason) => {
    const { name, queue } = await openQueue();
    await send(name, [json(1), value, json(3)]);
    expect(await readAll(queue)).toEqual([record(1), record(3)]);
    expect(await queue.depth()).toMatchObject({ accepted: 3, lag: 0, deadLetters: 1 });
    const letter = await queue.deadLetters.show('unreadable-0-1');
    expect(letter?.reason).toContain(reason);
    // There is nothing to replay: the sender has to send it again, corrected.
    expect(await queue.deadLetters.replay(letter!.id)).toBe(false);
  });
});

test('a record that MongoDB refuses is a dead letter under its id, and can be replayed at any size', async () => {
  const { name, queue } = await openQueue();
  const large = record(1, { payload: 'x'.repeat(1_040_000) });
  await send(name, [JSON.stringify(large)]);
  const reader = await readFrom(queue);
  await (await reader.next())!.acknowledge([{ index: 0, reason: 'made up' }]);
  expect(await queue.depth()).toMatchObject({ lag: 0, deadLetters: 1 });
  expect(await queue.deadLetters.replay(String(large._id))).toBe(true);
  expect((await reader.next())!.documents.records()).toEqual([large]);
  expect(await queue.depth()).toMatchObject({ lag: 1, deadLetters: 0 });
});

describe('how it counts', () => {
  test('accepted once Kafka has it, as lag and bytes until it is acknowledged', async () => {
    const { name, queue } = await openQueue();
    await send(name, [json(1, { payload: 'x'.repeat(10_000) }), 'no record']);
    const { lagBytes, ...counts } = await queue.depth();
    expect(counts).toEqual({ accepted: 2, lag: 2, deadLetters: 0 });
    expect(lagBytes).toBeGreaterThan(10_000);
    await readAll(queue);
    expect(await queue.depth()).toEqual({ accepted: 2, lag: 0, lagBytes: 0, deadLetters: 1 });
  });

  test("its delay from the message's timestamp on, not from createdAt, which may be of long ago", async () => {
    const { name, queue } = await openQueue();
    await send(name, [json(1, { createdAt: '1999-12-31T23:59:59Z' })]);
    const { accepted } = (await (await readFrom(queue)).next())!;
    expect(accepted).toEqual([{ at: expect.any(Number), records: 1 }]);
    expect(Date.now() - accepted[0]!.at).toBeLessThan(60_000);
  });

  test('compressed batches with their whole size', async () => {
    const { name, queue } = await openQueue();
    await send(name, [json(1, { payload: 'x'.repeat(100_000) })], openProducer({ compression: 'gzip' }));
    expect((await queue.depth()).lagBytes).toBeGreaterThan(100_000);
  });

  test('Kafka takes it beyond the limits of the queue; the API refuses then', async () => {
    const { name, queue } = await openQueue({ maxLength: 5 });
    const writer = await queue.writer();
    await send(
      name,
      [1, 2, 3, 4, 5, 6].map((n) => json(n)),
    );
    expect((await queue.depth()).lag).toBe(6);
    const accept = () => writer.accept({ type: 'post', origin: 'api', payloads: ['one more'] });
    await until(() =>
      accept().then(
        () => false,
        (error) => error instanceof QueueFullError,
      ),
    );
    expect(await readAll(queue)).toHaveLength((await queue.depth()).accepted);
  });

  test.each(['none', 'gzip'] as const)(
    'a batch above 1 MiB is refused by Kafka: compression %s',
    async (compression) => {
      const { name, queue } = await openQueue();
      const large = json(1, { payload: 'x'.repeat(1_100_000) });
      await expect(send(name, [large], openProducer({ compression, retries: 0 }))).rejects.toThrow();
      expect((await queue.depth()).accepted).toBe(0);
    },
  );
});
