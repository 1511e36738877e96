// Three brokers that are killed one after the other under load: what is accepted is delivered, and accepting goes on.
import { expect, test } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import { useKafka } from '../../../../test/servers.ts';
import { BreakwaterError } from '../../errors.ts';
import { GroupIds } from '../../group.ts';
import { createLogger } from '../../logger.ts';
import { KafkaQueue } from './queue.ts';

const kafka = useKafka({
  brokers: 3,
  heapMiB: 256,
  settings: { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' },
});

test('a broker killed at a time loses nothing and stops nothing for long', async () => {
  const brokers = kafka.url.split(',');
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers, retries: 10, retryDelay: 500 });
  const configs = [{ name: 'min.insync.replicas', value: '2' }];
  await admin.createTopics({ topics: ['posts', 'posts.dlq'], partitions: 3, replicas: 3, configs });
  const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
  const queue = new KafkaQueue({ brokers, name: 'posts', group: 'store', maxLength: 1e6, maxBytes: 1e9 }, logger);
  const writer = await queue.writer();
  const accepted = new Set<string>();
  const seen = new Set<string>();
  const failed = { certain: new Set<string>(), unknown: 0 };
  const ids = new GroupIds();
  let stop = false;

  const write = async (): Promise<void> => {
    while (!stop) {
      const group = ids.next();
      try {
        const request = { type: 'post', origin: 'test', payloads: ['1', '2', '3', '4', '5'] };
        for (const id of await writer.accept(request, group)) accepted.add(id);
      } catch (error) {
        if (!(error instanceof BreakwaterError)) throw error;
        if (error.code === 'OUTCOME_UNKNOWN') failed.unknown++;
        else failed.certain.add(`${group}000`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const reader = await queue.reader({ batchSize: 500, batchBytes: 1 << 20, flushIntervalMs: 50 });
  const read = async (): Promise<void> => {
    for (let batch = await reader.next(); batch; batch = await reader.next()) {
      for (const { _id } of batch.documents.records()) seen.add(_id);
      await batch.acknowledge();
    }
  };
  const working = [write(), write(), write(), write(), read()];
  try {
    for (const nodeId of [0, 1, 2]) {
      const broker = kafka.server.brokers.find((candidate) => candidate.nodeId === nodeId)!;
      broker.kill('SIGKILL');
      await broker.exited;
      const before = { accepted: accepted.size, seen: seen.size };
      await until(() => accepted.size > before.accepted + 500 && seen.size > before.seen + 500, 30_000);
      await kafka.server.startBroker(nodeId);
      await until(async () => (await inSync(admin)) === 9, 60_000);
    }
    stop = true;
    await Promise.all(working.slice(0, 4));
    await until(async () => (await queue.depth().catch(() => undefined))?.lag === 0, 30_000);
    expect([...accepted].filter((id) => !seen.has(id))).toEqual([]);
    expect([...failed.certain].filter((id) => seen.has(id))).toEqual([]);
  } finally {
    stop = true;
    await queue.close();
    await admin.close();
  }
  await Promise.all(working);
}, 180_000);

async function inSync(admin: Admin): Promise<number> {
  const metadata = await admin.metadata({ topics: ['posts'], forceUpdate: true });
  return metadata.topics.get('posts')!.partitions.reduce((sum, { isr }) => sum + isr.length, 0);
}

async function until(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it did not come true within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
