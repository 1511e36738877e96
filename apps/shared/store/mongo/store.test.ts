// The store against a real MongoDB: the contract, and what costs how many commands.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CommandStartedEvent, MongoClient } from 'mongodb';
import { databaseUrl, uniqueName } from '../../../../test/api.ts';
import { useMongo } from '../../../../test/servers.ts';
import { Documents } from '../../group.ts';
import { connectMongo } from '../../mongo.ts';
import { makeRecords } from '../../record.testing.ts';
import { storeContract } from '../contract.testing.ts';
import { RECORDS } from '../store.ts';
import { type MongoTap, openMongoTap } from './mongo-tap.testing.ts';
import { MongoStore } from './store.ts';

const mongo = useMongo();

storeContract('mongo', {
  async create() {
    const url = databaseUrl(mongo.url, uniqueName('contract'));
    const open = () => new MongoStore(connectMongo({ url, appName: 'test' }).db);
    return { store: open(), reopen: open };
  },
  async crash(down) {
    mongo.server.kill('SIGKILL');
    await mongo.server.exited;
    await down?.();
    await mongo.restart();
  },
  oversizeBytes: 17 * 1024 * 1024,
  isOrdered: true,
});

describe('record store', () => {
  let client: MongoClient;
  let store: MongoStore;
  let tap: MongoTap;
  let inserts: CommandStartedEvent[] = [];

  beforeAll(async () => {
    tap = await openMongoTap(mongo.url);
    client = new MongoClient(databaseUrl(tap.url, 'store'), { monitorCommands: true });
    client.on('commandStarted', (event) => {
      if (event.commandName === 'insert') inserts.push(event);
    });
    store = new MongoStore(client.db());
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
    await new MongoStore(db).insert(Documents.ofRecords(some(3)));
    expect(sent).toEqual([expect.objectContaining({ insert: RECORDS, writeConcern: { w: 'majority', j: true } })]);
  });

  test('stores a batch in one command, and nothing in none', async () => {
    await store.insert(Documents.ofRecords(some(2_000)));
    await store.insert(Documents.ofRecords([]));
    expect(inserts).toHaveLength(1);
  });

  test('a duplicate of another unique index is refused, its neighbours are stored', async () => {
    await client.db().collection(RECORDS).createIndex({ payload: 1 }, { unique: true });
    const records = makeRecords('post', 'unique', ['a', 'b', 'a', 'c']);
    const { stored, duplicates, refused } = await store.insert(Documents.ofRecords(records));
    expect({ stored, duplicates }).toEqual({ stored: 3, duplicates: 0 });
    expect(refused).toEqual([{ index: 2, reason: expect.stringMatching(/^MongoDB 11000: .*payload/) }]);
  });

  test('a record too large for a document costs no command of its own', async () => {
    const records = makeRecords('post', 'large', ['a', 'x'.repeat(17 * 1024 * 1024), 'c']);
    expect(await store.insert(Documents.ofRecords(records))).toMatchObject({ stored: 2 });
    expect(inserts).toHaveLength(1);
  });
});
