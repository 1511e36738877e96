import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import type { MongoClient as Client } from '../../apps/node_modules/mongodb/mongodb.d.ts';
import { useMongo } from '../../test/servers.ts';

const { MongoClient } = createRequire(new URL('../../apps/package.json', import.meta.url))('mongodb') as {
  MongoClient: new (url: string, options?: object) => Client;
};

describe('startMongo', () => {
  const mongo = useMongo({ cacheMiB: 300 });

  test('has the cache that it was given', async () => {
    const client = new MongoClient(mongo.url);
    const { wiredTiger } = await client.db('admin').command({ serverStatus: 1 });
    await client.close();
    expect(wiredTiger.cache['maximum bytes configured']).toBe(300 * 2 ** 20);
  });

  test('a journaled write that was acknowledged is there after SIGKILL, round after round', async () => {
    const acknowledged: number[] = [];
    for (let round = 0; round < 3; round++) {
      const client = new MongoClient(mongo.url, { serverSelectionTimeoutMS: 5000 });
      const records = client.db('test').collection<{ _id: number; payload: string }>('records');
      const target = acknowledged.length + 2000;
      const writing = (async () => {
        for (let id = round * 1e6; ; id += 100) {
          const batch = Array.from({ length: 100 }, (_, i) => ({ _id: id + i, payload: 'x'.repeat(512) }));
          await records.insertMany(batch, { writeConcern: { w: 1, j: true } });
          acknowledged.push(...batch.map(({ _id }) => _id));
          // Killed while it writes: the next batch is under way when the signal arrives.
          if (acknowledged.length === target) setImmediate(() => mongo.server.kill('SIGKILL'));
        }
      })();
      await expect(writing).rejects.toThrow();
      expect(await mongo.server.exited).toEqual({ code: null, signal: 'SIGKILL' });
      await client.close(true);
      await mongo.restart();
      const after = new MongoClient(mongo.url);
      const found = await after
        .db('test')
        .collection('records')
        .countDocuments({ _id: { $in: acknowledged as never[] } });
      await after.close();
      expect(found).toBe(acknowledged.length);
    }
  });

  test('carries a message as large as MongoDB allows, both ways', async () => {
    const client = new MongoClient(mongo.url);
    const large = client.db('test').collection<{ _id: string; payload: string }>('large');
    const documents = Array.from({ length: 10 }, (_, i) => ({ _id: String(i), payload: String(i).repeat(1_500_000) }));
    await large.insertMany(documents);
    expect(await large.find().sort({ _id: 1 }).toArray()).toEqual(documents);
    await client.close();
  });

  test('stops gracefully and keeps its data', async () => {
    await mongo.server.stop();
    expect(await mongo.server.exited).toEqual({ code: 0, signal: null });
    await mongo.restart();
    const client = new MongoClient(mongo.url);
    expect(await client.db('test').collection('large').countDocuments()).toBe(10);
    await client.close();
  });
});
