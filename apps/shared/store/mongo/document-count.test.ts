// The count of documents, also of a MongoDB that was killed.
import { afterEach, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { databaseUrl } from '../../../../test/api.ts';
import { useMongo } from '../../../../test/servers.ts';
import { RECORDS } from '../store.ts';
import { DocumentCount } from './document-count.ts';
import { MongoStore } from './store.ts';

describe('over a MongoDB that was killed', () => {
  const mongo = useMongo();
  let client: MongoClient;
  afterEach(() => client?.close());

  test('what was stored counts', async () => {
    client = new MongoClient(databaseUrl(mongo.url, 'count'));
    const documents = Array.from({ length: 500 }, (_, i) => ({ _id: `id-${i}` }));
    await client
      .db()
      .collection<{ _id: string }>(RECORDS)
      .insertMany(documents, { writeConcern: { w: 1, journal: true } });
    mongo.server.kill('SIGKILL');
    await mongo.server.exited;
    await mongo.restart();
    expect(await new MongoStore(client.db()).count()).toBe(500);
  });
});

describe('the corrected count', () => {
  /** A collection whose metadata and exact counts are those listed, one a call. */
  const collection = (estimates: number[], exacts: (number | Error)[]) => {
    const count = new DocumentCount(
      async () => estimates.shift()!,
      async () => {
        const exact = exacts.shift()!;
        if (exact instanceof Error) throw exact;
        return exact;
      },
    );
    return { count, left: () => [estimates.length, exacts.length] };
  };

  test('the metadata is right: counted exactly once', async () => {
    const { count, left } = collection([10, 10, 15, 20], [10]);
    expect([await count.read(), await count.read(), await count.read()]).toEqual([10, 15, 20]);
    expect(left()).toEqual([0, 0]);
  });

  test('the metadata is too low: it is corrected from then on', async () => {
    const { count } = collection([10, 10, 15], [14]);
    expect([await count.read(), await count.read()]).toEqual([14, 19]);
  });

  test('what is stored during the exact count does not count twice', async () => {
    const { count } = collection([10, 13, 15], [12]);
    expect([await count.read(), await count.read()]).toEqual([10, 15]);
  });

  test('MongoDB is killed meanwhile: the metadata goes down, and is corrected', async () => {
    const { count } = collection([10, 10, 20, 12, 12, 13], [10, 20]);
    expect([await count.read(), await count.read(), await count.read(), await count.read()]).toEqual([10, 20, 20, 21]);
  });

  test('too many documents to count in time: the metadata is believed', async () => {
    const { count, left } = collection([10, 15], [new Error('exceeded time limit')]);
    expect([await count.read(), await count.read()]).toEqual([10, 15]);
    expect(left()).toEqual([0, 0]);
  });
});
