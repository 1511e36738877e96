// Dead letters of any size and number: none blocks a partition, and counting them reads none.
import { afterEach, expect, jest, test } from '@jest/globals';
import { Consumer } from '@platformatic/kafka';
import { useKafka } from '../../../../test/servers.ts';
import { GroupIds, makeGroup } from '../../group.ts';
import { createLogger } from '../../logger.ts';
import { type DataRecord, encodeRecord, type NewRecords } from '../../record.ts';
import { useAdmin } from './admin.testing.ts';
import { KafkaLetters } from './dead-letters.ts';
import { KafkaQueue } from './queue.ts';

const kafka = useKafka();
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
const closers: (() => Promise<void>)[] = [];
const admin = useAdmin(kafka);

afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closers.splice(0)) await close();
});

const declare = async (topic: string): Promise<void> => {
  const configs = [{ name: 'cleanup.policy', value: 'compact' }];
  await admin().createTopics({ topics: [topic], partitions: 1, replicas: 1, configs });
};

function lettersOf(topic: string, requeue = async () => {}): KafkaLetters {
  const letters = new KafkaLetters({ brokers: kafka.url.split(',') }, topic, `${topic}-count`, requeue, logger);
  closers.push(() => letters.close());
  return letters;
}

const ids = new GroupIds();
const request = (...payloads: string[]): NewRecords => ({ type: 'post', origin: 'test', payloads });
const recordsOf = (...payloads: string[]) => makeGroup(ids.next(), [request(...payloads)]).records;
const newLetters = (records: readonly DataRecord[]) =>
  records.map((content) => ({ id: content._id, content, reason: 'refused' }));

test('a refused record that just fitted into the queue does not block its partition', async () => {
  await admin().createTopics({ topics: ['large'], partitions: 1, replicas: 1 });
  await declare('large.dlq');
  const queue = new KafkaQueue(
    { brokers: kafka.url.split(','), name: 'large', group: 'store', maxLength: 100, maxBytes: 1e9 },
    logger,
  );
  closers.push(() => queue.close());
  const writer = await queue.writer();
  const frame = encodeRecord(recordsOf('')[0]!).length;
  const payload = 'x'.repeat(900_000 - 24 - 32 - frame);
  await writer.accept(request(payload));
  await writer.accept(request('next'));

  const reader = await queue.reader({ batchSize: 1, batchBytes: 1 << 20, flushIntervalMs: 10 });
  const reason = `object to insert too large: ${'y'.repeat(10_000)}`;
  await (await reader.next())!.acknowledge([{ index: 0, reason }]);
  expect((await reader.next())!.documents.record(0).payload).toBe('next');
  expect((await queue.deadLetters.list(1))[0]!.record.payload).toBe(payload);
}, 60_000);

test('a batch whose letters could not be written is delivered again', async () => {
  await admin().createTopics({ topics: ['unwritten'], partitions: 1, replicas: 1 });
  const queue = new KafkaQueue(
    { brokers: kafka.url.split(','), name: 'unwritten', group: 'store', maxLength: 100, maxBytes: 1e9 },
    logger,
  );
  closers.push(() => queue.close());
  await (await queue.writer()).accept(request('refused'));
  const reader = await queue.reader({ batchSize: 10, batchBytes: 1 << 20, flushIntervalMs: 10 });
  const refused = [{ index: 0, reason: 'refused' }];
  // Their topic is not declared yet.
  await expect((await reader.next())!.acknowledge(refused)).rejects.toThrow();
  expect((await queue.depth()).lag).toBe(1);
  await declare('unwritten.dlq');
  for (let isDone = false; !isDone; ) {
    const again = await reader.next();
    expect(again).toMatchObject({ redelivered: 1, documents: { count: 1 } });
    isDone = await again!.acknowledge(refused).then(
      () => true,
      () => false,
    );
  }
  expect(await queue.depth()).toMatchObject({ lag: 0, deadLetters: 1 });
}, 60_000);

test('a letter that could not be put back into the queue stays', async () => {
  await declare('kept');
  const letters = lettersOf('kept', () => Promise.reject(new Error('the queue is full')));
  const records = recordsOf('a');
  await letters.write(newLetters(records));
  await expect(letters.replay(records[0]!._id)).rejects.toThrow('the queue is full');
  expect(await letters.list(10)).toMatchObject([{ record: records[0] }]);
});

test('counting reads no letter', async () => {
  await declare('counted');
  const letters = lettersOf('counted');
  const fetch = jest.spyOn(Consumer.prototype, 'fetch');
  await letters.write(newLetters(recordsOf('a', 'b', 'c')));
  expect(await letters.count()).toBe(3);
  expect(fetch).not.toHaveBeenCalled();
});

test('what was dropped or written again is not counted, for other processes either', async () => {
  await declare('dropped');
  const letters = lettersOf('dropped');
  const records = recordsOf('a', 'b', 'c', 'd');
  await letters.write(newLetters(records));
  expect(await letters.drop(records[1]!._id)).toBe(true);
  expect(await letters.count()).toBe(3);
  const other = lettersOf('dropped');
  expect(await other.count()).toBe(3);
  await other.write(newLetters([records[0]!])); // as after a crash
  expect(await letters.list(10)).toHaveLength(3);
  expect(await other.count()).toBe(3);
  expect(await other.drop(records[0]!._id)).toBe(true);
  expect(await other.replay(records[2]!._id)).toBe(true);
  expect(await letters.count()).toBe(1);
});
