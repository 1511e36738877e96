// Everything is killed in turn, with SIGKILL and under load; then the witness is held against the
// store.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { QueueSettings } from '../apps/shared/queue/create.ts';
import { MARIADB_USER } from '../local/servers/mariadb.ts';
import { databaseUrl, uniqueName } from './api.ts';
import { DataPath, PAYLOAD_CHARS } from './data-path.ts';
import { useDynalite } from './dynalite.ts';
import {
  KILLED_BROKERS_RETURN,
  type ServerFixture,
  useKafka,
  useMariaDb,
  useMongo,
  useRedis,
  useSqs,
} from './servers.ts';
import { until } from './until.ts';
import { WitnessedLoad } from './witnessed-load.ts';

// A flush of the append-only file at each write: `everysec` may answer before a write that waits
// for a slow disk.
const redis = useRedis({ appendFsync: 'always' });
const mongo = useMongo();

/** Kills a server and starts it again over the same data. */
async function crash(fixture: ServerFixture): Promise<void> {
  fixture.server.kill('SIGKILL');
  await fixture.server.exited;
  await fixture.restart();
}

/** Redis counts what waits in SQS, and is corrected a minute after it was killed. */
async function isEmpty(sqs: string): Promise<boolean> {
  const response = await fetch(`${sqs}/000000000000/posts?Action=GetQueueAttributes&AttributeName.1=All`);
  const counts = /<Name>ApproximateNumberOfMessages(?:NotVisible)?<\/Name>\s*<Value>(\d+)/g;
  const found = [...(await response.text()).matchAll(counts)].map(([, count]) => count);
  return found.join() === '0,0';
}

interface Subject {
  readonly kind: QueueSettings['QUEUE_KIND'];
  readonly kafka?: ServerFixture;
  readonly sqs?: ServerFixture;
  /** Default: MongoDB. */
  readonly store?: {
    readonly name: string;
    server(): ServerFixture;
    settings(): Record<string, string>;
    url(): string;
  };
}

function faults({ kind, kafka, sqs, store }: Subject): void {
  describe(`under load on ${kind} and ${store?.name ?? 'mongo'}, everything is killed in turn`, () => {
    const mongoUrl = () => databaseUrl(mongo.url, `faults-${kind}`);
    let path: DataPath;
    beforeAll(async () => {
      path = await DataPath.start({
        redis,
        ...(kafka && { kafka }),
        ...(sqs && { sqs }),
        ...(store ? { both: store.settings() } : { mongoUrl: mongoUrl() }),
        consumer: { CONSUMER_BATCH_SIZE: '200' },
      });
    }, 120_000);
    afterAll(() => path?.stop());

    test('nothing is lost, phantom, double, corrupt or torn', async () => {
      const { queue, api, consumer, url } = path;
      const mix = { maxBodyBytes: 256 * 1024 };
      const load = new WitnessedLoad({ run: uniqueName('faults'), url, users: 16, thinkMs: 20, mix });
      await load.accepted(300);
      await consumer.crash();
      await load.accepted(300);
      await api.crash();
      await load.accepted(300);
      await crash(redis);
      await load.accepted(300);
      await crash(store?.server() ?? mongo);
      await load.accepted(300);
      const server = kafka ?? sqs;
      if (server) {
        await crash(server);
        await load.accepted(300);
      }
      await load.end();
      // What a killed consumer held is with the next one after some seconds.
      const isDrained = sqs
        ? () => isEmpty(sqs.url)
        : async () => (await queue.depth().catch(() => undefined))?.lag === 0;
      await until(isDrained, 60_000);
      expect((await queue.depth()).deadLetters).toBe(0);

      const ledger = await load.ledger(store?.url() ?? mongoUrl(), PAYLOAD_CHARS);
      expect(ledger).toMatchObject({ ok: true, lost: 0, phantom: 0, double: 0, corrupt: 0, torn: 0, examples: [] });
      expect(ledger.requests.accepted).toBeGreaterThanOrEqual(1_500);
      expect(ledger.stored).toBe(ledger.promised + 5 * ledger.unknownStored);
      // The faults were real: some requests were not accepted.
      expect(load.counts.refused + load.counts.unknown).toBeGreaterThan(0);
    }, 180_000);
  });
}

faults({ kind: 'redis-streams' });

describe('with Kafka', () => {
  const kafka = useKafka({ settings: KILLED_BROKERS_RETURN });
  faults({ kind: 'kafka', kafka });
});

describe('with SQS', () => {
  const sqs = useSqs({ queues: ['posts'] });
  faults({ kind: 'sqs', sqs });
});

describe('with MySQL', () => {
  const mariadb = useMariaDb();
  faults({
    kind: 'redis-streams',
    store: {
      name: 'mysql',
      server: () => mariadb,
      settings: () => ({
        STORE_KIND: 'mysql',
        MYSQL_URL: mariadb.url,
        MYSQL_USERNAME: MARIADB_USER,
        MYSQL_TLS: 'false',
      }),
      url: () => `${mariadb.url.replace('://', `://${MARIADB_USER}@`)}?tls=false`,
    },
  });
});

describe('with DynamoDB', () => {
  const dynalite = useDynalite();
  faults({
    kind: 'redis-streams',
    store: {
      name: 'dynamodb',
      server: () => dynalite,
      settings: () => ({
        STORE_KIND: 'dynamodb',
        DYNAMODB_TABLE: 'records',
        DYNAMODB_REGION: 'eu-west-1',
        DYNAMODB_ENDPOINT: dynalite.url,
      }),
      url: () => `dynamodb://eu-west-1/records?endpoint=${dynalite.url}`,
    },
  });
});
