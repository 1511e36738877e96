// A queue whose disk is full: what was accepted stays, the API refuses, and once there is room again
// it goes on, with nothing lost.
import { afterEach, describe, expect, test } from '@jest/globals';
import { caller, databaseUrl, uniqueName } from './api.ts';
import { DataPath, PAYLOAD_CHARS } from './data-path.ts';
import { KILLED_BROKERS_RETURN, type ServerFixture, useKafka, useMongo, useRedis } from './servers.ts';
import { NO_SMALL_DISK, SmallDisk } from './small-disk.ts';
import { until } from './until.ts';
import { WitnessedLoad } from './witnessed-load.ts';

if (NO_SMALL_DISK !== undefined) console.warn(`SKIPPED: a full disk is not tested: ${NO_SMALL_DISK}`);

const mongo = useMongo();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Subject {
  readonly disk: SmallDisk;
  readonly redis: ServerFixture;
  /** The queue, whose disk it is. Default: Redis. */
  readonly kafka?: ServerFixture;
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

async function fillUnderLoad({ disk, redis, kafka, ends }: Subject): Promise<void> {
  const server = kafka ?? redis;
  const mongoUrl = databaseUrl(mongo.url, uniqueName('posts'));
  const path = await DataPath.start({ redis, kafka, mongoUrl });
  closers.push(() => path.stop());
  const { queue, url } = path;
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
      await fillUnderLoad({ disk, redis, ends: appendFsync === 'always' });
    }, 180_000);
  });

  describe('under Kafka', () => {
    const disk = SmallDisk.use(128);
    const redis = useRedis();
    const kafka = useKafka({ settings: KILLED_BROKERS_RETURN, dataDir: disk.path });
    test('costs nothing that was accepted', async () => {
      await fillUnderLoad({ disk, redis, kafka, ends: true });
    }, 180_000);
  });
}

describe('a full disk', () => {
  if (NO_SMALL_DISK === undefined) onFullDisks();
  else test.skip(`is not tested: ${NO_SMALL_DISK}`, () => undefined);
});
