// A queue whose disk is full: what was accepted stays, the API refuses, and once there is room again
// it goes on, with nothing lost.
import { afterEach, describe, expect, test } from '@jest/globals';
import { createQueue, type QueueSettings } from '../apps/shared/queue/create.ts';
import { isUp } from '../tooling/http.ts';
import { freePort } from '../tooling/ports.ts';
import { caller, databaseUrl, silent, uniqueName } from './api.ts';
import { appEnvironment } from './app-environment.ts';
import { createTopics } from './kafka-topics.ts';
import { AppProcess } from './processes.ts';
import { KILLED_BROKERS_RETURN, type ServerFixture, useKafka, useMongo, useRedis } from './servers.ts';
import { NO_SMALL_DISK, SmallDisk } from './small-disk.ts';
import { until } from './until.ts';
import { WitnessedLoad } from './witnessed-load.ts';

const PAYLOAD_CHARS = 64;

const mongo = useMongo();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Subject {
  readonly kind: QueueSettings['QUEUE_KIND'];
  readonly disk: SmallDisk;
  /** The server whose disk it is. */
  readonly server: ServerFixture;
  readonly redis: ServerFixture;
  /** Whether the server ends when it cannot write. */
  readonly ends: boolean;
}

/** Starts a server again whenever it ends, as the local run and Kubernetes do. */
function keepRunning(fixture: ServerFixture): void {
  let over = false;
  const done = (async () => {
    while (!over) {
      await fixture.server.exited;
      if (!over) await fixture.restart().catch(() => undefined);
    }
  })();
  closers.push(() => {
    over = true;
    void done;
  });
}

async function fillUnderLoad({ kind, disk, server, redis, ends }: Subject): Promise<void> {
  const name = uniqueName('posts');
  const mongoUrl = databaseUrl(mongo.url, name);
  const kafka = kind === 'kafka' ? server : undefined;
  if (kafka) await createTopics(kafka.url, name);
  const settings: QueueSettings = {
    QUEUE_KIND: kind,
    QUEUE_NAME: name,
    QUEUE_GROUP: 'store',
    QUEUE_MAX_BYTES: 1e9,
    QUEUE_MAX_LENGTH: 1_000_000,
    KAFKA_BROKERS: kafka?.url.split(','),
    REDIS_URL: redis.url,
  };
  const queue = createQueue(settings, silent);
  closers.push(() => queue.close());
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    QUEUE_KIND: kind,
    QUEUE_NAME: name,
    ...(kafka && { KAFKA_BROKERS: kafka.url }),
    REDIS_URL: redis.url,
    MONGO_URL: mongoUrl,
    LOG_LEVEL: 'silent',
  };
  const apiEnv = { ...env, API_PORT: String(port), PAYLOAD_CHARS: String(PAYLOAD_CHARS) };
  for (const app of [
    new AppProcess('apps/api/main.ts', appEnvironment('api', apiEnv)),
    new AppProcess('apps/consumer/main.ts', appEnvironment('consumer', env)),
  ]) {
    app.start();
    closers.push(() => app.kill());
  }
  await until(() => isUp(`${url}/readyz`), 60_000);
  let exits = 0;
  const countExits = () => void server.server.exited.then(() => exits++);
  countExits();
  keepRunning(server);

  const load = new WitnessedLoad({ run: uniqueName('full'), url, users: 8, thinkMs: 10 });
  await load.accepted(200);
  disk.fill();
  await until(() => load.counts.refused + load.counts.unknown > 50, 60_000);
  const refused = await until(async () => {
    const answer = await caller(url)('GET', '/api/data');
    return answer.status !== 200 && answer;
  });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.body).toMatchObject({
    status: 'error',
    code: expect.stringMatching(/^(QUEUE_UNAVAILABLE|OUTCOME_UNKNOWN|STORE_UNAVAILABLE)$/),
  });
  expect(exits > 0).toBe(ends);

  disk.clear();
  await load.accepted(200);
  await load.end();
  await until(async () => (await queue.depth().catch(() => undefined))?.lag === 0, 60_000);
  const ledger = await load.ledger(mongoUrl, PAYLOAD_CHARS);
  expect(ledger).toMatchObject({ ok: true, lost: 0, phantom: 0, double: 0, corrupt: 0, torn: 0, examples: [] });
  expect((await queue.depth()).deadLetters).toBe(0);
}

/** The tests, with disks that are mounted as they are declared. */
function onFullDisks(): void {
  describe.each(['always', 'everysec'] as const)('under Redis Streams with appendfsync %s', (appendFsync) => {
    const disk = SmallDisk.use(32);
    const redis = useRedis({ appendFsync, dataDir: disk.path });
    test('costs nothing that was accepted', async () => {
      await fillUnderLoad({ kind: 'redis-streams', disk, server: redis, redis, ends: appendFsync === 'always' });
    }, 180_000);
  });

  describe('under Kafka', () => {
    const disk = SmallDisk.use(128);
    const redis = useRedis();
    const kafka = useKafka({ settings: KILLED_BROKERS_RETURN, dataDir: disk.path });
    test('costs nothing that was accepted', async () => {
      await fillUnderLoad({ kind: 'kafka', disk, server: kafka, redis, ends: true });
    }, 180_000);
  });
}

describe('a full disk', () => {
  if (NO_SMALL_DISK === undefined) onFullDisks();
  else test.skip(`is not tested: ${NO_SMALL_DISK}`, () => undefined);
});
