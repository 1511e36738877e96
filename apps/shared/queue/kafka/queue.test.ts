import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Producer } from '@platformatic/kafka';
import { KILLED_BROKERS_RETURN, useKafka } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { groupOf } from '../../group.ts';
import { createLogger } from '../../logger.ts';
import { recordsIn } from '../../record.testing.ts';
import type { DataRecord } from '../../record.ts';
import { queueContract } from '../contract.testing.ts';
import { useAdmin } from './admin.testing.ts';
import { KafkaMember } from './member.ts';
import { KafkaQueue } from './queue.ts';

const kafka = useKafka({ settings: KILLED_BROKERS_RETURN });
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
const admin = useAdmin(kafka);

queueContract('kafka', {
  async create(name) {
    await admin().createTopics({ topics: [name], partitions: 3, replicas: 1 });
    const configs = [{ name: 'cleanup.policy', value: 'compact' }];
    await admin().createTopics({ topics: [`${name}.dlq`], partitions: 1, replicas: 1, configs });
  },
  open: (name, { maxLength = 1_000_000, maxBytes = 1e9 } = {}) =>
    new KafkaQueue(
      { brokers: kafka.url.split(','), name, group: `store-${name}`, maxLength, maxBytes, sessionTimeoutMs: 3_000 },
      logger,
    ),
  async poison(name, text) {
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: kafka.url.split(',') });
    await producer.send({ messages: [{ topic: name, partition: 0, value: Buffer.from(text) }], acks: -1 });
    await producer.close();
  },
  async crash(down) {
    kafka.server.kill('SIGKILL');
    await kafka.server.exited;
    await down?.();
    await kafka.restart();
  },
  settings: (name) => ({
    QUEUE_KIND: 'kafka',
    QUEUE_NAME: name,
    QUEUE_GROUP: `store-${name}`,
    QUEUE_MAX_LENGTH: 1_000_000,
    QUEUE_MAX_BYTES: 1e9,
    KAFKA_BROKERS: kafka.url.split(','),
    REDIS_URL: '',
  }),
  takeoverMs: 12_000,
  countsBytes: true,
  oversizeBytes: 950_000,
});

test('a coordinator that has left the cluster is looked for again', async () => {
  const topic = 'coordinated';
  await admin().createTopics({ topics: [topic], partitions: 1, replicas: 1 });
  const options = { topic, group: topic, sessionTimeoutMs: 30_000, heartbeatMs: 10_000 };
  const member = new KafkaMember({ brokers: kafka.url.split(',') }, options, logger);
  const commit = () => member.consumer.commit({ offsets: [{ topic, partition: 0, offset: 0n, leaderEpoch: -1 }] });
  try {
    member.join();
    await until(() => [...member.owned].length === 1, 30_000);
    await commit();
    const { consumer } = member;
    consumer.currentMetadata!.brokers.delete(consumer.coordinatorId!);
    await expect(commit()).rejects.toThrow(/metadata/);
    expect(consumer.coordinatorId).toBeNull();
    await commit();
  } finally {
    await member.close();
  }
}, 60_000);

test('the requests of a batch share a group in the cache; what is refused is in none', async () => {
  const name = 'grouped';
  await admin().createTopics({ topics: [name], partitions: 2, replicas: 1 });
  const queue = new KafkaQueue(
    { brokers: kafka.url.split(','), name, group: name, maxLength: 100, maxBytes: 1e9 },
    logger,
  );
  const groups: { id: string; records: (DataRecord | undefined)[] }[] = [];
  const onAccepted = async (id: string, group: Buffer) => void groups.push({ id, records: recordsIn(group) });
  const request = (...payloads: string[]) => ({ type: 'post', origin: 'o', payloads });
  try {
    const writer = await queue.writer({ onAccepted });
    const accepted = await Promise.all(
      Array.from({ length: 30 }, (_, i) => writer.accept(request(`${i} a`, `${i} b`))),
    );
    expect(groups.length).toBeLessThan(10);
    const records = groups.flatMap((group) => {
      for (const record of group.records) expect(groupOf(record!._id)).toBe(group.id);
      return group.records.map((record) => record!);
    });
    expect(records.map(({ _id }) => _id).sort()).toEqual(accepted.flat().sort());
    const byId = new Map(records.map((record) => [record._id, record.payload]));
    accepted.forEach((ids, i) => {
      expect(ids.map((id) => byId.get(id))).toEqual([`${i} a`, `${i} b`]);
    });

    groups.length = 0;
    const many = Array<string>(60).fill('too many');
    const [refused, fits] = await Promise.allSettled([writer.accept(request(...many)), writer.accept(request('fits'))]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { name: 'QueueFullError' } });
    expect(fits.status).toBe('fulfilled');
    expect(groups.map((group) => group.records.map((record) => record?.payload))).toEqual([['fits']]);
  } finally {
    await queue.close();
  }
});

test('a request that waited too long for its batch leaves an empty place in the group', async () => {
  const name = 'given-up';
  await admin().createTopics({ topics: [name], partitions: 1, replicas: 1 });
  const options = { name, group: name, maxLength: 1e6, maxBytes: 1e9, maxInFlight: 1, deadlineMs: 1_500 };
  const queue = new KafkaQueue({ brokers: kafka.url.split(','), ...options }, logger);
  const groups: (string | undefined)[][] = [];
  const onAccepted = async (_: string, group: Buffer) =>
    void groups.push(recordsIn(group).map((record) => record?.payload));
  const request = (payload: string) => ({ type: 'post', origin: 'o', payloads: [payload] });
  try {
    const writer = await queue.writer({ onAccepted });
    await writer.accept(request('first'));
    kafka.server.kill('SIGSTOP');
    const underWay = Promise.allSettled([writer.accept(request('under way'))]);
    for (let i = 0; i < 2; i++) await new Promise(setImmediate); // it is a batch by itself
    const early = Promise.allSettled([writer.accept(request('early'))]);
    await sleep(700); // so that the next one's time is not up with it
    const late = writer.accept(request('late'));
    const [gaveUp] = await early;
    kafka.server.kill('SIGCONT');
    expect(gaveUp).toMatchObject({ status: 'rejected', reason: { name: 'QueueUnavailableError' } });
    expect((await underWay)[0]).toMatchObject({ reason: { name: 'QueueOutcomeUnknownError' } });
    await late;
    expect(groups).toEqual([['first'], [undefined, 'late']]);
  } finally {
    kafka.server.kill('SIGCONT');
    await queue.close();
  }
});
