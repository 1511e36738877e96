// Everything is killed in turn, with SIGKILL and under load; then the witness is held against MongoDB.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { QueueSettings } from '../apps/shared/queue/create.ts';
import { databaseUrl, uniqueName } from './api.ts';
import { DataPath, PAYLOAD_CHARS } from './data-path.ts';
import { KILLED_BROKERS_RETURN, type ServerFixture, useKafka, useMongo, useRedis } from './servers.ts';
import { until } from './until.ts';
import { WitnessedLoad } from './witnessed-load.ts';

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
    const mongoUrl = () => databaseUrl(mongo.url, `faults-${kind}`);
    let path: DataPath;
    beforeAll(async () => {
      path = await DataPath.start({ redis, kafka, mongoUrl: mongoUrl(), consumer: { CONSUMER_BATCH_SIZE: '200' } });
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
