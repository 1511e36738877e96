// Checks that cannot fail prove nothing: the same faults, once with Breakwater as it is and once
// for each way to break a promise.
import { describe, expect, test } from '@jest/globals';
import { createApp } from '../apps/api/app.ts';
import { createCatalogue } from '../apps/api/catalogue.ts';
import { createApiMetrics } from '../apps/api/metrics.ts';
import { RecordReader } from '../apps/api/record-reader.ts';
import { cacheAccepted, RecordWriter } from '../apps/api/record-writer.ts';
import { listen } from '../apps/api/server.ts';
import { createZipf } from '../apps/api/zipf.ts';
import { openQueue, startTestConsumer, total } from '../apps/consumer/consumer.testing.ts';
import { Cache, groupKey } from '../apps/shared/cache.ts';
import { Documents, encodeGroup, GroupIds, makeGroup } from '../apps/shared/group.ts';
import { createRegistry } from '../apps/shared/metrics.ts';
import { connectMongo } from '../apps/shared/mongo.ts';
import { payloadFor } from '../apps/shared/payload.ts';
import { useAdmin } from '../apps/shared/queue/kafka/admin.testing.ts';
import { KafkaQueue } from '../apps/shared/queue/kafka/queue.ts';
import type { Batch, Queue, QueueReader, QueueWriter } from '../apps/shared/queue/queue.ts';
import { queueKeys } from '../apps/shared/queue/redis/keys.ts';
import { recordsIn } from '../apps/shared/record.testing.ts';
import type { DataRecord } from '../apps/shared/record.ts';
import { connectRedis, redisReady } from '../apps/shared/redis.ts';
import { MongoStore } from '../apps/shared/store/mongo/store.ts';
import { RECORDS } from '../apps/shared/store/store.ts';
import { databaseUrl, silent, uniqueName } from './api.ts';
import { createTopics } from './kafka-topics.ts';
import { KILLED_BROKERS_RETURN, type ServerFixture, useKafka, useMongo, useRedis } from './servers.ts';
import { until } from './until.ts';
import { WitnessedLoad } from './witnessed-load.ts';

const redis = useRedis({ appendFsync: 'always' });
const mongo = useMongo();

const PAYLOAD_CHARS = 64;
/** Small, so that it is full soon. */
const QUEUE_LENGTH = 1_000;

/** Breakwater's parts, as a saboteur gives them back. */
interface Mutant {
  writer?: (writer: QueueWriter, cache: Cache) => QueueWriter;
  reader?: (reader: QueueReader) => QueueReader;
  /** MongoDB refuses three records of the load. Default false. */
  refusing?: boolean;
  /** Records are deleted from the queue before anybody has read them. Default false. */
  forgetting?: boolean;
}

const ids = new GroupIds();

/** A writer that accepts in another way. */
const accepting = (writer: QueueWriter, accept: QueueWriter['accept']): QueueWriter => ({
  accept,
  ready: () => writer.ready(),
  close: () => writer.close(),
});

/** Changes each batch that a reader delivers. */
const batches = (reader: QueueReader, change: (batch: Batch) => Batch | Promise<Batch>): QueueReader => ({
  close: () => reader.close(),
  async next() {
    const batch = await reader.next();
    return batch && (await change(batch));
  },
});

/** Some acknowledgements don't arrive: what was stored is delivered again. */
const losingAcknowledgements = (reader: QueueReader): QueueReader => {
  let count = 0;
  return batches(reader, (batch) => ({
    ...batch,
    acknowledge: (refused) =>
      count++ % 3 === 0 ? Promise.reject(new Error('connection reset')) : batch.acknowledge(refused),
  }));
};

/** A queue, and the server that it dies with. */
interface Subject {
  open(name: string): Promise<Queue>;
  server(): ServerFixture;
  /** Deletes records that wait, as a wrong retention would. */
  forget(name: string): Promise<unknown>;
}

/**
 * Load, while MongoDB dies, the queue fills up, the consumer gives up, and the queue dies.
 * @returns every kind of violation
 */
async function violations(subject: Subject, mutant: Mutant) {
  const name = uniqueName('posts');
  const mongoUrl = databaseUrl(mongo.url, name);
  const queue = await subject.open(name);
  const connection = connectRedis({ url: redis.url, name: 'mutant' }, silent);
  await redisReady(connection);
  const { client, db } = connectMongo({ url: mongoUrl, appName: 'mutant' });
  if (mutant.refusing) await refuseSome(db, name);
  const metrics = createApiMetrics(createRegistry('api'));
  const cache = new Cache(connection, 600);
  const catalogue = createCatalogue(10_000, createZipf(1, 10_000));
  const queueWriter = await queue.writer({ onAccepted: cacheAccepted(cache, metrics, silent) });
  const { handler } = createApp({
    reader: new RecordReader(cache, new MongoStore(db), metrics, silent),
    writer: new RecordWriter(mutant.writer?.(queueWriter, cache) ?? queueWriter, catalogue, cache, metrics, silent),
    catalogue,
    stats: { read: () => null! },
    metrics,
    pressure: { high: () => false, delayMs: () => 0, close: () => undefined },
    open: () => true,
    payloadChars: PAYLOAD_CHARS,
    bodyLimitKiB: 64,
    logger: silent,
  });
  const server = await listen(handler, { host: '127.0.0.1', port: 0, requestTimeoutMs: 5_000, drainDelayMs: 0 });
  const consume = (harm: (reader: QueueReader) => QueueReader) =>
    startTestConsumer({
      queue,
      redisUrl: redis.url,
      mongoUrl,
      limits: { batchSize: 50 },
      replace: ({ reader }) => ({ reader: harm(mutant.reader?.(reader) ?? reader) }),
    });

  const first = await consume(losingAcknowledgements);
  const load = new WitnessedLoad({ run: name, url: `http://127.0.0.1:${server.port}`, users: 8, thinkMs: 5 });
  await load.accepted(50);
  mongo.server.kill('SIGKILL');
  await until(() => !first.healthy());
  // A full queue refuses; a mutant may say yes instead.
  const goal = load.counts.accepted + 2 * QUEUE_LENGTH;
  await until(() => load.counts.refused > 20 || load.counts.accepted > goal, 60_000);
  await first.stop();
  const queueServer = subject.server();
  queueServer.server.kill('SIGKILL');
  await queueServer.server.exited;
  await queueServer.restart();
  await mongo.restart();
  await redisReady(connection);
  if (mutant.forgetting) await subject.forget(name);
  const second = await consume((reader) => reader);
  await load.accepted(50);
  await load.end();
  await until(async () => (await queue.depth().catch(() => undefined))?.lag === 0, 60_000);

  const keys = await connection.keys(groupKey('*'));
  const groups = keys.length === 0 ? [] : await connection.mgetBuffer(keys);
  const cached = groups.flatMap((group) => (group ? recordsIn(group).filter((record) => record !== undefined) : []));
  const refusedButCached = cached.filter(({ origin }) => load.outcomeOf(origin) === 'refused');
  const letters = await queue.deadLetters.list(100);
  const { ok, lost, dead, examples, phantom, double, corrupt, torn } = await load.ledger(
    mongoUrl,
    PAYLOAD_CHARS,
    letters,
  );
  const counted = (await total(first.metrics.lost)) + (await total(second.metrics.lost));
  await second.stop();
  await server.drain();
  await queue.close();
  connection.disconnect();
  await client.close();
  return {
    ok,
    lost,
    counted,
    dead,
    examples,
    phantom,
    double,
    corrupt,
    torn,
    refusedButCached: refusedButCached.length,
  };
}

/** Makes MongoDB refuse some of the records that the load will write. */
async function refuseSome(db: ReturnType<typeof connectMongo>['db'], run: string): Promise<void> {
  const records = db.collection(RECORDS);
  await records.createIndex({ payload: 1 }, { unique: true });
  await records.insertMany(
    [0, 1, 2].map((user) => ({ payload: payloadFor(`${run}/${user}/3`, 1, PAYLOAD_CHARS), origin: 'earlier' })),
  );
}

/** The mutants, and what they must turn red. */
function mutants(kind: string, subject: Subject): void {
  describe(`on ${kind}, the checks go red for`, () => {
    test('no defect: Breakwater as it is', async () => {
      expect(await violations(subject, { refusing: true })).toEqual({
        ok: true,
        lost: 0,
        counted: 0,
        dead: 3,
        examples: [],
        phantom: 0,
        double: 0,
        corrupt: 0,
        torn: 0,
        refusedButCached: 0,
      });
    }, 120_000);

    test('a consumer that loses a record of those it has in hand', async () => {
      const mutant: Mutant = {
        reader: (reader) =>
          batches(reader, (batch) => ({ ...batch, documents: batch.documents.filter((index) => index > 0) })),
      };
      const { ok, lost } = await violations(subject, mutant);
      expect({ ok, some: lost > 0 }).toEqual({ ok: false, some: true });
    }, 120_000);

    test('a consumer that loses dead letters', async () => {
      const mutant: Mutant = {
        refusing: true,
        reader: (reader) => batches(reader, (batch) => ({ ...batch, acknowledge: () => batch.acknowledge() })),
      };
      const { ok, dead, examples } = await violations(subject, mutant);
      const lost = [0, 1, 2].map((user) => expect.stringMatching(`^lost .*/${user}/3#1$`));
      expect({ ok, dead, examples }).toEqual({ ok: false, dead: 0, examples: lost });
    }, 120_000);

    test('a retention that deletes what is not stored, which the consumer counts', async () => {
      const { ok, lost, counted } = await violations(subject, { forgetting: true });
      expect({ ok, some: lost > 0, counted: counted > 0 }).toEqual({ ok: false, some: true, counted: true });
    }, 120_000);

    test('a consumer that commits before it stores', async () => {
      const mutant: Mutant = {
        reader: (reader) =>
          batches(reader, async (batch) => {
            await batch.acknowledge().catch(() => undefined);
            return { ...batch, acknowledge: async () => undefined };
          }),
      };
      const { ok, lost } = await violations(subject, mutant);
      expect({ ok, some: lost > 0 }).toEqual({ ok: false, some: true });
    }, 120_000);

    test('an API that answers before the queue confirms', async () => {
      const mutant: Mutant = {
        writer: (writer) =>
          accepting(writer, async (records) => {
            const group = ids.next();
            writer.accept(records, group).catch(() => undefined);
            return makeGroup(group, [records]).ids[0]!;
          }),
      };
      const { ok, lost } = await violations(subject, mutant);
      expect({ ok, some: lost > 0 }).toEqual({ ok: false, some: true });
    }, 120_000);

    test('an _id made anew on redelivery', async () => {
      const seen = new Set<string>();
      const renew = (record: DataRecord): DataRecord => {
        const isNew = !seen.has(record._id);
        seen.add(record._id);
        return isNew ? record : { ...record, _id: `${ids.next()}000` };
      };
      const mutant: Mutant = {
        reader: (reader) =>
          batches(reader, (batch) => ({
            ...batch,
            documents: Documents.ofRecords(batch.documents.records().map(renew)),
          })),
      };
      const { ok, double } = await violations(subject, mutant);
      expect({ ok, some: double > 0 }).toEqual({ ok: false, some: true });
    }, 120_000);

    test('a cache written before acceptance', async () => {
      const mutant: Mutant = {
        writer: (writer, cache) =>
          accepting(writer, async (records) => {
            const group = makeGroup(ids.next(), [records]);
            await cache.putPending(group.id, encodeGroup(group.records)).catch(() => undefined);
            return writer.accept(records);
          }),
      };
      const { refusedButCached } = await violations(subject, mutant);
      expect(refusedButCached).toBeGreaterThan(0);
    }, 120_000);
  });
}

mutants('redis-streams', {
  open: async (name) => openQueue(redis.url, name, 1_000, QUEUE_LENGTH),
  server: () => redis,
  async forget(name) {
    const connection = connectRedis({ url: redis.url, name: 'forget' }, silent);
    await redisReady(connection);
    const waiting = await connection.xrange(queueKeys(name, 'store').stream, '-', '+');
    await connection.del(waiting.map(([, fields]) => groupKey(fields[1]!)));
    connection.disconnect();
  },
});

describe('with Kafka', () => {
  const kafka = useKafka({ settings: KILLED_BROKERS_RETURN });
  const admin = useAdmin(kafka);
  mutants('kafka', {
    async open(name) {
      await createTopics(kafka.url, name);
      const limits = { maxLength: QUEUE_LENGTH, maxBytes: 1e9 };
      const address = { brokers: kafka.url.split(','), name, group: 'store', sessionTimeoutMs: 3_000 };
      return new KafkaQueue({ ...address, ...limits }, silent);
    },
    server: () => kafka,
    async forget(name) {
      const partitions = [{ partition: 0, offset: -1n }]; // all that is there
      const forget = () => admin().deleteRecords({ topics: [{ name, partitions }] });
      await until(() =>
        forget().then(
          () => true,
          () => false, // the broker has just started
        ),
      );
    },
  });
});
