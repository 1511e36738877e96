// A broker that comes back without the end of its log: the same offsets are then given to other
// records.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Consumer, type Message, type MessagesStream } from '@platformatic/kafka';
import { KILLED_BROKERS_RETURN, useKafka } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { createLogger } from '../../logger.ts';
import type { Queue, QueueReader, QueueWriter } from '../queue.ts';
import { useAdmin } from './admin.testing.ts';
import { KafkaQueue } from './queue.ts';

const kafka = useKafka({ settings: KILLED_BROKERS_RETURN });
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
const LIMITS = { batchSize: 100, batchBytes: 1 << 20, flushIntervalMs: 20 };
/** Reads far ahead: one fetch fills its memory, and the next one waits until batches were taken. */
const FULL = { ...LIMITS, batchSize: 5 };
const opened: Queue[] = [];
const admin = useAdmin(kafka);

beforeAll(async () => {
  for (const topic of ['running', 'restarted', 'unacknowledged', 'library', 'away']) {
    await admin().createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    await admin().createTopics({ topics: [`${topic}.dlq`], partitions: 1, replicas: 1 });
  }
});
afterEach(async () => {
  for (const queue of opened.splice(0)) await queue.close();
});

function connect(name: string): Queue {
  const options = {
    brokers: kafka.url.split(','),
    name,
    group: `store-${name}`,
    maxLength: 1e6,
    maxBytes: 1e9,
    sessionTimeoutMs: 3_000,
  };
  const queue = new KafkaQueue(options, logger);
  opened.push(queue);
  return queue;
}

/**
 * Accepts one record at a time, each in a batch of its own; tries again while the broker comes
 * back.
 */
async function accept(writer: QueueWriter, prefix: string, count: number): Promise<string[]> {
  const payloads = Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
  for (const payload of payloads) {
    const records = { type: 'post', origin: 'test', payloads: [payload] };
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

/**
 * Reads and acknowledges until all of these payloads have come.
 * @throws with those that do not within 20 s
 */
async function read(reader: QueueReader, wanted: readonly string[]): Promise<void> {
  const missing = new Set(wanted);
  const late = AbortSignal.timeout(20_000);
  const stop = new Promise<undefined>((resolve) => late.addEventListener('abort', () => resolve(undefined)));
  while (missing.size > 0) {
    const batch = await Promise.race([reader.next(), stop]);
    if (batch === undefined) throw new Error(`not delivered: ${[...missing].join(', ')}`);
    for (const { payload } of batch.documents.records()) missing.delete(payload);
    await batch.acknowledge();
  }
}

/**
 * Kills the broker, cuts the log of partition 0 after `batches` batches, and starts the broker
 * again.
 */
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
  await (await reader.next())!.acknowledge();
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

test('a batch read before the cut and acknowledged after it acknowledges none of what was accepted since', async () => {
  const queue = connect('unacknowledged');
  const writer = await queue.writer();
  await accept(writer, 'before', 30);
  const reader = await queue.reader({ ...FULL, batchSize: 10 });
  const batch = await reader.next();
  await loseTail('unacknowledged', 4);
  const after = await accept(writer, 'after', 40);
  const rest = [await reader.next(), await reader.next()];
  for (const each of [batch, ...rest]) await each!.acknowledge();
  await read(reader, after);
  expect(await queue.depth()).toMatchObject({ accepted: 44, lag: 0 });
}, 120_000);

// Why we have a reader of our own (decision 31): when one of these fails, the library has learned
// it.
describe("the library's own stream", () => {
  const consumers: Consumer<Buffer, Buffer, Buffer, Buffer>[] = [];
  afterEach(async () => {
    for (const consumer of consumers.splice(0)) await consumer.close(true).catch(() => undefined);
  });

  async function consume(topic: string): Promise<MessagesStream<Buffer, Buffer, Buffer, Buffer>> {
    const session = { sessionTimeout: 3_000, heartbeatInterval: 1_000 };
    const bootstrapBrokers = kafka.url.split(',');
    const consumer = new Consumer({ clientId: 'test', bootstrapBrokers, groupId: topic, ...session });
    consumers.push(consumer);
    consumer.on('error', () => undefined);
    const mode = { mode: 'committed', fallbackMode: 'earliest' } as const;
    return consumer.consume({ topics: [topic], autocommit: false, highWaterMark: 1, maxWaitTime: 500, ...mode });
  }

  /** Payloads up to the last one that is wanted. */
  async function readUntil(stream: AsyncIterable<Message>, last: string, commit = false): Promise<string[]> {
    const found: string[] = [];
    for await (const message of stream) {
      found.push(JSON.parse(message.value.toString()).payload);
      if (commit) await message.commit();
      if (found.at(-1) === last) break;
    }
    return found;
  }

  test('skips what was accepted after a cut, though its fetches and commits carry epochs', async () => {
    const writer = await connect('library').writer();
    await accept(writer, 'before', 10);
    const before = await consume('library');
    await readUntil(before, 'before 9', true);
    await consumers.pop()!.close(true);
    await loseTail('library', 4);
    await accept(writer, 'after', 9);
    expect(await readUntil(await consume('library'), 'after 8')).toEqual(['after 6', 'after 7', 'after 8']);
  }, 60_000);

  test('ends when its broker is away for a moment', async () => {
    await accept(await connect('away').writer(), 'before', 1);
    const stream = await consume('away');
    const ended = new Promise<Error>((resolve) => stream.once('error', resolve));
    stream.resume();
    const [broker] = kafka.server.brokers;
    broker!.kill('SIGKILL');
    expect((await ended).message).toMatch(/failed/i);
    await kafka.server.startBroker(0);
  }, 60_000);
});
