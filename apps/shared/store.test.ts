// The store against a real MongoDB: what is a duplicate, what is refused, and what costs how many commands.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CommandStartedEvent, MongoClient } from 'mongodb';
import { databaseUrl } from '../../test/api.ts';
import { useMongo } from '../../test/servers.ts';
import { Documents } from './group.ts';
import { type MongoTap, openMongoTap } from './mongo-tap.testing.ts';
import { makeRecords } from './record.testing.ts';
import { RECORDS, RecordStore } from './store.ts';

const mongo = useMongo();

describe('record store', () => {
  let client: MongoClient;
  let store: RecordStore;
  let tap: MongoTap;
  let inserts: CommandStartedEvent[] = [];

  beforeAll(async () => {
    tap = await openMongoTap(mongo.url);
    client = new MongoClient(databaseUrl(tap.url, 'store'), { monitorCommands: true });
    client.on('commandStarted', (event) => {
      if (event.commandName === 'insert') inserts.push(event);
    });
    store = new RecordStore(client.db());
  });
  afterAll(async () => {
    await client?.close();
    await tap?.close();
  });
  beforeEach(async () => {
    await client.db().dropDatabase();
    inserts = [];
    tap.clear();
  });

  const some = (count: number) => makeRecords('post', 'store-test', Array(count).fill('payload'));

  test('a standalone server has a batch in its journal when it is stored', async () => {
    await store.insert(Documents.ofRecords(some(3)));
    await store.insert(Documents.ofRecords(some(3)));
    const sent = tap.commands.filter(({ insert }) => insert === RECORDS);
    const expected = expect.objectContaining({ ordered: false, writeConcern: { w: 1, j: true } });
    expect(sent).toEqual([expected, expected]);
    expect(tap.commands.filter(({ hello, $db }) => hello === 1 && $db !== 'admin').length).toBeLessThanOrEqual(1);
  });

  test('in a replica set, a majority of the members has it in their journals', async () => {
    const sent: object[] = [];
    const command = async (each: { hello?: 1 }) => {
      if (each.hello) return { ok: 1, setName: 'rs0' };
      sent.push(each);
      return { ok: 1, n: 3 };
    };
    const db = new Proxy(client.db(), {
      get: (target, name) => (name === 'command' ? command : Reflect.get(target, name)),
    });
    await new RecordStore(db).insert(Documents.ofRecords(some(3)));
    expect(sent).toEqual([expect.objectContaining({ insert: RECORDS, writeConcern: { w: 'majority', j: true } })]);
  });

  test('stores a batch in one command and finds it again', async () => {
    const records = some(2_000);
    expect(await store.insert(Documents.ofRecords(records))).toEqual({ stored: 2_000, duplicates: 0, refused: [] });
    expect(inserts).toHaveLength(1);
    const ids = [records[7]!._id, records[3]!._id, '0'.repeat(24)];
    expect((await store.findMany(ids)).sort((a, b) => a.index - b.index)).toEqual([records[3], records[7]]);
    expect(await store.count()).toBe(2_000);
    expect(await store.newestIds(3)).toEqual(
      records
        .slice(-3)
        .map(({ _id }) => _id)
        .reverse(),
    );
  });

  test('a batch that comes again is duplicates, whole or in part', async () => {
    const records = some(10);
    await store.insert(Documents.ofRecords(records.slice(0, 6)));
    expect(await store.insert(Documents.ofRecords(records))).toEqual({ stored: 4, duplicates: 6, refused: [] });
    expect(await store.insert(Documents.ofRecords(records))).toEqual({ stored: 0, duplicates: 10, refused: [] });
    expect(await store.count()).toBe(10);
  });

  test('nothing is nothing', async () => {
    expect(await store.insert(Documents.ofRecords([]))).toEqual({ stored: 0, duplicates: 0, refused: [] });
    expect(inserts).toHaveLength(0);
  });

  test('a duplicate of another unique index is refused, its neighbours are stored', async () => {
    await client.db().collection(RECORDS).createIndex({ payload: 1 }, { unique: true });
    const records = makeRecords('post', 'unique', ['a', 'b', 'a', 'c']);
    const { stored, duplicates, refused } = await store.insert(Documents.ofRecords(records));
    expect({ stored, duplicates }).toEqual({ stored: 3, duplicates: 0 });
    expect(refused).toEqual([{ index: 2, reason: expect.stringMatching(/^MongoDB 11000: .*payload/) }]);
  });

  test('a record too large for a document is refused, its neighbours are stored', async () => {
    const records = makeRecords('post', 'large', ['a', 'x'.repeat(17 * 1024 * 1024), 'c']);
    const { stored, refused } = await store.insert(Documents.ofRecords(records));
    expect(stored).toBe(2);
    expect(refused.map(({ index }) => index)).toEqual([1]);
    expect(refused[0]!.reason).toMatch(/larger than|too large/i);
    // The limiter paid for one command: finding the culprit must not cost more.
    expect(inserts).toHaveLength(1);
  });
});
