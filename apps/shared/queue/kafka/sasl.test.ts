import { afterAll, expect, test } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import { clusterKafka, KAFKA_LOGIN } from '../../../../test/kafka-login.ts';
import { useKafka } from '../../../../test/servers.ts';
import { createLogger } from '../../logger.ts';
import { clientOptions } from './client.ts';
import { KafkaQueue } from './queue.ts';

const kafka = await clusterKafka(1);
useKafka(kafka.options);
const logger = createLogger('test', 'silent');
const address = { brokers: [kafka.clients], ...KAFKA_LOGIN };
const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});
const open = (password: string) => {
  const queue = new KafkaQueue(
    { ...address, password, name: 'posts', group: 'store', maxLength: 100, maxBytes: 1e6 },
    logger,
  );
  closers.push(() => queue.close());
  return queue;
};

test('the right password opens all of the queue, a wrong one none of it', async () => {
  const admin = new Admin({ ...clientOptions(address, 'test'), retries: 5 });
  closers.push(() => admin.close());
  await admin.createTopics({ topics: ['posts', 'posts.dlq'], partitions: 1, replicas: 1 });

  const queue = open(KAFKA_LOGIN.password);
  await (await queue.writer()).accept({ type: 'post', origin: 'a', payloads: ['1', '2'] });
  const batch = await (await queue.reader({ batchSize: 10, batchBytes: 1 << 20, flushIntervalMs: 10 })).next();
  await batch!.acknowledge([{ index: 0, reason: 'no' }]);
  expect(await queue.depth()).toMatchObject({ accepted: 2, lag: 0, deadLetters: 1 });

  const stranger = open('guess');
  await expect(stranger.depth()).rejects.toThrow();
  await expect(stranger.writer()).rejects.toThrow(/SASL/);
}, 60_000);
