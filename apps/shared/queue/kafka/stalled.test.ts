// A consumer that stands still for longer than its session: others have gone on when it wakes up
// with a batch in hand.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import { useKafka } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { createLogger } from '../../logger.ts';
import type { QueueReader } from '../queue.ts';
import { KafkaQueue } from './queue.ts';

const kafka = useKafka();
const LIMITS = { batchSize: 10, batchBytes: 1 << 20, flushIntervalMs: 20 };
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
let child: ChildProcess | undefined;
let queue: KafkaQueue | undefined;
afterEach(async () => {
  child?.kill('SIGKILL');
  await queue?.close();
});

interface Answer {
  readonly taken?: string[];
  readonly acknowledged?: true | string;
}
const answer = async (): Promise<Answer> => (await once(child!, 'message'))[0];

/** Reads and acknowledges until there are as many records. */
async function store(reader: QueueReader, count: number): Promise<string[]> {
  const payloads: string[] = [];
  while (payloads.length < count) {
    const batch = await reader.next();
    payloads.push(...batch!.documents.records().map(({ payload }) => payload));
    await batch!.acknowledge();
  }
  return payloads;
}

test('its batch goes to another, its late acknowledgement changes nothing, and it takes part again', async () => {
  const brokers = kafka.url.split(',');
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers, retries: 5 });
  await admin.createTopics({ topics: ['stalled', 'stalled.dlq'], partitions: 1, replicas: 1 });
  await admin.close();
  const options = { brokers, name: 'stalled', group: 'store', maxLength: 1e6, maxBytes: 1e12, sessionTimeoutMs: 2_000 };
  queue = new KafkaQueue(options, logger);
  const writer = await queue.writer();
  const accept = (prefix: string, count: number) =>
    writer.accept({
      type: 'post',
      origin: 'test',
      payloads: Array.from({ length: count }, (_, i) => `${prefix} ${i}`),
    });
  await accept('first', 10);

  const script = fileURLToPath(new URL('./stalled-child.testing.ts', import.meta.url));
  child = fork(script, [JSON.stringify({ options, limits: LIMITS })]);
  const { taken } = await answer();
  expect(taken).toHaveLength(10);
  child.kill('SIGSTOP');

  const reader = await queue.reader(LIMITS);
  expect(await store(reader, 10)).toEqual(taken);
  await accept('second', 20);
  await store(reader, 20);
  expect((await queue.depth()).lag).toBe(0);

  const late = answer();
  child.send('acknowledge');
  child.kill('SIGCONT');
  expect(await late).toEqual({ acknowledged: true });
  expect(await queue.depth()).toMatchObject({ accepted: 30, lag: 0 });

  // The other one leaves: what comes next is for the one that was stalled, and nothing of what was
  // before.
  const next = answer();
  await reader.close();
  await accept('third', 10);
  expect((await next).taken).toEqual(Array.from({ length: 10 }, (_, i) => `third ${i}`));
  const done = answer();
  child.send('acknowledge');
  expect(await done).toEqual({ acknowledged: true });
  await until(async () => (await queue!.depth()).lag === 0);
}, 120_000);
