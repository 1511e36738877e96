// Everything is killed in turn, with SIGKILL and under load; then the witness is held against MongoDB.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createQueue, type QueueSettings } from '../apps/shared/queue/create.ts';
import type { Queue } from '../apps/shared/queue/queue.ts';
import { isUp } from '../tooling/http.ts';
import { freePort } from '../tooling/ports.ts';

import { databaseUrl, silent, uniqueName } from './api.ts';
import { appEnvironment } from './app-environment.ts';
import { createTopics } from './kafka-topics.ts';
import { AppProcess } from './processes.ts';
import { KILLED_BROKERS_RETURN, type ServerFixture, useKafka, useMongo, useRedis } from './servers.ts';
import { until } from './until.ts';
import { WitnessedLoad } from './witnessed-load.ts';

const PAYLOAD_CHARS = 64;

// A flush of the append-only file at each write: `everysec` may answer before a write that waits for a slow disk.
const redis = useRedis({ appendFsync: 'always' });
const mongo = useMongo();

/** Kills a server and starts it again over the same data. */
async function crash(fixture: ServerFixture): Promise<void> {
  fixture.server.kill('SIGKILL');
  await fixture.server.exited;
  await fixture.restart();
}

function faults(kind: QueueSettings['QUEUE_KIND'], kafka?: ServerFixture): void {
  describe(`under load on ${kind}, everything is killed in turn`, () => {
    const name = uniqueName('posts');
    const mongoUrl = () => databaseUrl(mongo.url, `faults-${kind}`);
    let queue: Queue;
    let api: AppProcess;
    let consumer: AppProcess;
    let url: string;

    beforeAll(async () => {
      const settings: QueueSettings = {
        QUEUE_KIND: kind,
        QUEUE_NAME: name,
        QUEUE_GROUP: 'store',
        QUEUE_MAX_BYTES: 1e9,
        QUEUE_MAX_LENGTH: 1_000_000,
        KAFKA_BROKERS: kafka?.url.split(','),
        REDIS_URL: redis.url,
      };
      if (kafka) await createTopics(kafka.url, name);
      queue = createQueue(settings, silent);
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      const env = {
        QUEUE_KIND: kind,
        QUEUE_NAME: name,
        ...(kafka && { KAFKA_BROKERS: kafka.url }),
        REDIS_URL: redis.url,
        MONGO_URL: mongoUrl(),
        LOG_LEVEL: 'silent',
      };
      api = new AppProcess(
        'apps/api/main.ts',
        appEnvironment('api', { ...env, API_PORT: String(port), PAYLOAD_CHARS: String(PAYLOAD_CHARS) }),
      );
      consumer = new AppProcess(
        'apps/consumer/main.ts',
        appEnvironment('consumer', { ...env, CONSUMER_BATCH_SIZE: '200' }),
      );
      api.start();
      consumer.start();
      await until(() => isUp(`${url}/readyz`), 60_000);
    }, 120_000);
    afterAll(async () => {
      api?.kill();
      consumer?.kill();
      await queue?.close();
    });

    test('nothing is lost, phantom, double, corrupt or torn', async () => {
      const mix = { maxBodyBytes: 256 * 1024 };
      const load = new WitnessedLoad({ run: uniqueName('faults'), url, users: 16, thinkMs: 20, mix });
      await load.accepted(300);
      await consumer.crash();
      await load.accepted(300);
      await api.crash();
      await load.accepted(300);
      await crash(redis);
      await load.accepted(300);
      await crash(mongo);
      await load.accepted(300);
      if (kafka) {
        await crash(kafka);
        await load.accepted(300);
      }
      await load.end();
      // What a killed consumer held is with the next one after some seconds.
      await until(async () => (await queue.depth().catch(() => undefined))?.lag === 0, 60_000);
      expect((await queue.depth()).deadLetters).toBe(0);

      const ledger = await load.ledger(mongoUrl(), PAYLOAD_CHARS);
      expect(ledger).toMatchObject({ ok: true, lost: 0, phantom: 0, double: 0, corrupt: 0, torn: 0, examples: [] });
      expect(ledger.requests.accepted).toBeGreaterThanOrEqual(1_500);
      expect(ledger.stored).toBe(ledger.promised + 5 * ledger.unknownStored);
      // The faults were real: some requests were not accepted.
      expect(load.counts.refused + load.counts.unknown).toBeGreaterThan(0);
    }, 180_000);
  });
}

faults('redis-streams');

describe('with Kafka', () => {
  const kafka = useKafka({ settings: KILLED_BROKERS_RETURN });
  faults('kafka', kafka);
});
