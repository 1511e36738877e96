// What Kafka keeps: all that is not stored, whatever its size, and no more of the rest than is
// asked for.
import { afterEach, expect, jest, test } from '@jest/globals';
import { useKafka } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { QueueFullError } from '../../errors.ts';
import { createLogger } from '../../logger.ts';
import type { NewRecords } from '../../record.ts';
import type { Queue, QueueReader } from '../queue.ts';
import { useAdmin } from './admin.testing.ts';
import { KafkaQueue, type KafkaQueueOptions } from './queue.ts';

const kafka = useKafka();
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
const LIMITS = { batchSize: 10, batchBytes: 8 << 20, flushIntervalMs: 20 };
const LONG_MS = 3_600_000;
const opened: Queue[] = [];
const admin = useAdmin(kafka);

afterEach(async () => {
  for (const queue of opened.splice(0)) await queue.close();
});

/** Opens the queue, and declares its topics the first time. */
async function connect(name: string, options: Partial<KafkaQueueOptions> = {}, partitions = 1): Promise<Queue> {
  const topics = await admin().listTopics();
  if (!topics.includes(name)) await admin().createTopics({ topics: [name, `${name}.dlq`], partitions, replicas: 1 });
  const queue = new KafkaQueue(
    {
      brokers: kafka.url.split(','),
      name,
      group: 'store',
      maxLength: 1e6,
      maxBytes: 1e12,
      sessionTimeoutMs: 3_000,
      ...options,
    },
    logger,
  );
  opened.push(queue);
  return queue;
}

const records = (count: number, bytes: number): NewRecords => ({
  type: 'post',
  origin: 'test',
  payloads: Array<string>(count).fill('x'.repeat(bytes)),
});

/** Reads and acknowledges `count` records. */
async function store(reader: QueueReader, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const batch = await reader.next();
    await batch!.acknowledge();
    left -= batch!.documents.count;
  }
}

/** The first offset of the topic's only partition. */
async function start(topic: string): Promise<number> {
  const partitions = [{ partitionIndex: 0, timestamp: -2n }];
  const [listed] = await admin().listOffsets({ topics: [{ name: topic, partitions }] });
  return Number(listed!.partitions[0]!.offset);
}

test('as many bytes wait as are allowed, for a process that comes later too', async () => {
  const options = { maxBytes: 2_000_000 };
  const queue = await connect('bounded', options);
  const writer = await queue.writer();
  let accepted = 0;
  const fill = async (): Promise<void> => {
    for (; ; accepted++) await writer.accept(records(1, 100_000));
  };
  await expect(fill()).rejects.toThrow(QueueFullError);
  // A sample may count some that are under way twice, until the next one.
  expect(accepted).toBeGreaterThan(10);
  expect(accepted).toBeLessThan(20);
  await until(() => fill().catch(() => accepted === 19));
  const later = await (await connect('bounded', options)).writer();
  await expect(later.accept(records(2, 100_000))).rejects.toThrow(QueueFullError);

  const reader = await queue.reader(LIMITS);
  await store(reader, 19);
  await until(() =>
    later.accept(records(2, 100_000)).then(
      () => true,
      () => false,
    ),
  );
}, 60_000);

test('the bytes that wait are those of the records that wait', async () => {
  const queue = await connect('mixed', { maxBytes: 2_000_000 });
  const writer = await queue.writer();
  await writer.accept(records(20, 40_000));
  const reader = await queue.reader(LIMITS);
  await store(reader, 20);
  for (let i = 0; i < 9; i++) await writer.accept(records(10, 100));
  await until(() =>
    writer.accept(records(2, 400_000)).then(
      () => true,
      () => false,
    ),
  );
}, 60_000);

test('what is stored is deleted once it is old enough, what is not stays', async () => {
  const queue = await connect('swept', { retention: { retentionMs: 0, retentionBytes: 1e12, everyMs: 50 } });
  const writer = await queue.writer();
  await writer.accept(records(30, 100));
  const reader = await queue.reader(LIMITS);
  await store(reader, 20);
  await until(async () => (await start('swept')) === 20);
  expect(await queue.depth()).toMatchObject({ accepted: 30, lag: 10 });
  const other = await connect('swept', { group: 'other' });
  await store(await other.reader(LIMITS), 10);
}, 60_000);

test('what is stored stays for other groups until then', async () => {
  const queue = await connect('kept', { retention: { retentionMs: LONG_MS, retentionBytes: 1e12, everyMs: 50 } });
  const writer = await queue.writer();
  await writer.accept(records(30, 100));
  await store(await queue.reader(LIMITS), 30);
  const other = await connect('kept', { group: 'other' });
  await store(await other.reader(LIMITS), 30);
  expect(await start('kept')).toBe(0);
}, 60_000);

test('unless it has more bytes than are allowed, which is logged', async () => {
  const retention = { retentionMs: LONG_MS, retentionBytes: 50_000, everyMs: 50 };
  const warn = jest.spyOn(logger, 'warn');
  const queue = await connect('capped', { retention });
  const writer = await queue.writer();
  await writer.accept(records(30, 10_000));
  const reader = await queue.reader(LIMITS);
  await store(reader, 20);
  await until(async () => (await start('capped')) >= 14);
  expect(await start('capped')).toBeLessThanOrEqual(16);
  expect((await queue.depth()).lag).toBe(10);
  await until(() => warn.mock.calls.length > 0);
  expect(warn.mock.calls).toEqual([[{ partitions: [0] }, expect.stringContaining('kafka:retentionMiB')]]);
  warn.mockRestore();
}, 60_000);

test('records that were deleted unread are counted as lost', async () => {
  const queue = await connect('lossy');
  const writer = await queue.writer();
  await writer.accept(records(10, 100));
  const first = await queue.reader({ ...LIMITS, batchSize: 4 });
  await (await first.next())!.acknowledge();
  await first.close();
  await admin().deleteRecords({ topics: [{ name: 'lossy', partitions: [{ partition: 0, offset: 7n }] }] });
  const reader = await queue.reader(LIMITS);
  const batch = await reader.next();
  expect(batch).toMatchObject({ lost: 3, documents: { count: 3 } });
  await batch!.acknowledge();
  await writer.accept(records(1, 100));
  expect(await reader.next()).toMatchObject({ lost: 0 });
}, 60_000);

test('also when nothing comes after them, and only once', async () => {
  const queue = await connect('emptied');
  const writer = await queue.writer();
  await writer.accept(records(10, 100));
  const first = await queue.reader({ ...LIMITS, batchSize: 4 });
  await (await first.next())!.acknowledge();
  await first.close();
  await admin().deleteRecords({ topics: [{ name: 'emptied', partitions: [{ partition: 0, offset: 10n }] }] });
  const second = await queue.reader(LIMITS);
  const batch = await second.next();
  expect(batch).toMatchObject({ lost: 6, documents: { count: 0 } });
  await batch!.acknowledge();
  await second.close();
  const third = await queue.reader(LIMITS);
  await writer.accept(records(1, 100));
  expect(await third.next()).toMatchObject({ lost: 0, documents: { count: 1 } });
}, 60_000);

test('also in a partition of which the group has committed nothing yet', async () => {
  const queue = await connect('uncommitted', {}, 2);
  const writer = await queue.writer();
  const ends = async (): Promise<number[]> => {
    const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp: -1n }));
    const [listed] = await admin().listOffsets({ topics: [{ name: 'uncommitted', partitions }] });
    return [0, 1].map((p) => Number(listed!.partitions.find(({ partitionIndex }) => partitionIndex === p)!.offset));
  };
  await writer.accept(records(4, 100));
  const first = await queue.reader(LIMITS);
  await store(first, 4);
  await first.close();
  const other = (await ends()).indexOf(0);
  await until(() => writer.accept(records(1, 100)).then(async () => (await ends())[other]! > 0));
  const deleted = (await ends())[other]!;
  const partitions = [{ partition: other, offset: BigInt(deleted) }];
  await admin().deleteRecords({ topics: [{ name: 'uncommitted', partitions }] });
  const reader = await queue.reader(LIMITS);
  let lost = 0;
  while ((await queue.depth()).lag > 0 || lost < deleted) {
    const batch = await reader.next();
    lost += batch!.lost;
    await batch!.acknowledge();
  }
  expect(lost).toBe(deleted);
}, 60_000);
