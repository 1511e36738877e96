// A broker that comes back without the end of its log: the same offsets are then given to other records.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import { useKafka } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { createLogger } from '../../logger.ts';
import { makeRecords } from '../../record.ts';
import type { Queue, QueueReader, QueueWriter } from '../queue.ts';
import { KafkaQueue } from './queue.ts';

const kafka = useKafka({ settings: { 'broker.session.timeout.ms': '2000', 'broker.heartbeat.interval.ms': '300' } });
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
const LIMITS = { batchSize: 100, batchBytes: 1 << 20, flushIntervalMs: 20 };
/** Reads far ahead: one fetch fills its memory, and the next one waits until batches were taken. */
const FULL = { ...LIMITS, batchSize: 5 };
const opened: Queue[] = [];

beforeAll(async () => {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: kafka.url.split(','), retries: 5 });
  await until(
    () => admin.listConsumerGroupOffsets({ groups: [{ groupId: 'any', topics: [] }] }).then(Boolean, () => false),
    60_000,
  );
  for (const topic of ['running', 'restarted', 'unsettled']) {
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    await admin.createTopics({ topics: [`${topic}.dlq`], partitions: 1, replicas: 1 });
  }
  await admin.close();
}, 120_000);
afterEach(async () => {
  for (const queue of opened.splice(0)) await queue.close();
});

function connect(name: string): Queue {
  const options = {
    brokers: kafka.url.split(','),
    name,
    group: `store-${name}`,
    maxLength: 1e6,
    sessionTimeoutMs: 3_000,
  };
  const queue = new KafkaQueue(options, logger);
  opened.push(queue);
  return queue;
}

/** Accepts one record at a time, each in a batch of its own; tries again while the broker comes back. */
async function accept(writer: QueueWriter, prefix: string, count: number): Promise<string[]> {
  const payloads = Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
  for (const payload of payloads) {
    const records = makeRecords('post', 'test', [payload]);
    await until(
      () =>
        writer.accept(records).then(
          () => true,
          () => false,
        ),
      30_000,
    );
  }
  return payloads;
}

/** Reads and settles until all of these payloads have come. @throws with those that do not within 20 s */
async function read(reader: QueueReader, wanted: readonly string[]): Promise<void> {
  const missing = new Set(wanted);
  const late = AbortSignal.timeout(20_000);
  const stop = new Promise<undefined>((resolve) => late.addEventListener('abort', () => resolve(undefined)));
  while (missing.size > 0) {
    const batch = await Promise.race([reader.next(), stop]);
    if (batch === undefined) throw new Error(`not delivered: ${[...missing].join(', ')}`);
    for (const { record } of batch.deliveries) missing.delete(record.payload);
    await batch.settle();
  }
}

/** Kills the broker, cuts the log of partition 0 after `batches` batches, and starts the broker again. */
async function loseTail(topic: string, batches: number): Promise<void> {
  const [broker] = kafka.server.brokers;
  broker!.kill('SIGKILL');
  await broker!.exited;
  const file = join(broker!.dataDir, `${topic}-0`, '00000000000000000000.log');
  const log = await readFile(file);
  let at = 0;
  for (let i = 0; i < batches; i++) at += 12 + log.readInt32BE(at + 8); // base offset, length of what follows
  expect(at).toBeLessThan(log.length);
  const handle = await open(file, 'r+');
  await handle.truncate(at);
  await handle.close();
  await kafka.server.startBroker(0);
}

test('a reader that had read beyond the cut reads what was accepted after it', async () => {
  const queue = connect('running');
  const writer = await queue.writer();
  await accept(writer, 'before', 30);
  const reader = await queue.reader(FULL);
  await (await reader.next())!.settle();
  await loseTail('running', 4);
  const after = await accept(writer, 'after', 40);
  await read(reader, after);
  expect(await queue.depth()).toMatchObject({ accepted: 44, lag: 0 });
}, 120_000);

test('so does one that begins from a commit behind the cut', async () => {
  const before = connect('restarted');
  const writer = await before.writer();
  await read(await before.reader(LIMITS), await accept(writer, 'before', 10));
  await before.close();
  await loseTail('restarted', 4);
  const queue = connect('restarted');
  const after = await accept(await queue.writer(), 'after', 9);
  await read(await queue.reader(LIMITS), after);
  expect(await queue.depth()).toMatchObject({ accepted: 13, lag: 0 });
}, 120_000);

test('a batch read before the cut and settled after it acknowledges none of what was accepted since', async () => {
  const queue = connect('unsettled');
  const writer = await queue.writer();
  await accept(writer, 'before', 30);
  const reader = await queue.reader({ ...FULL, batchSize: 10 });
  const batch = await reader.next();
  await loseTail('unsettled', 4);
  const after = await accept(writer, 'after', 40);
  const rest = [await reader.next(), await reader.next()];
  for (const each of [batch, ...rest]) await each!.settle();
  await read(reader, after);
  expect(await queue.depth()).toMatchObject({ accepted: 44, lag: 0 });
}, 120_000);
