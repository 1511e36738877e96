import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectMongo } from '../../../apps/shared/mongo.ts';
import { payloadFor } from '../../../apps/shared/payload.ts';
import { MongoStore } from '../../../apps/shared/store/mongo/store.ts';
import { LocalServer } from '../../../test/local-server.ts';
import { useMongo } from '../../../test/servers.ts';
import { withDatabase } from '../../ledger/store-at.ts';
import { judge } from '../../witness/outcome.ts';
import { createBaseline } from './app.ts';

const mongo = useMongo();
let connection: ReturnType<typeof connectMongo>;
let server: LocalServer;

beforeAll(async () => {
  connection = connectMongo({ url: withDatabase(mongo.url), appName: 'test' });
  server = await LocalServer.start(createBaseline(connection.db, 100));
});
afterAll(async () => {
  await server?.close();
  await connection?.client.close();
});

test('answers as the API does, after five inserts and five reads', async () => {
  const ask = async (origin: string) => {
    const response = await fetch(`${server.url}/api/data`, { headers: { 'x-origin': origin } });
    return { status: response.status, text: await response.text() };
  };
  const first = await ask('run/0/0');
  const second = await ask('run/0/1');
  for (const { status, text } of [first, second])
    expect(judge(status, text)).toMatchObject({ outcome: 'accepted', problem: null });
  const { writes } = JSON.parse(first.text) as { writes: string[] };
  const { reads } = JSON.parse(second.text) as { reads: string[] };
  expect(reads).toHaveLength(5);
  for (const id of reads) expect(writes).toContain(id);
  const stored = await new MongoStore(connection.db).findMany(writes);
  expect(stored.map(({ origin, index, payload }) => payload === payloadFor(origin, index, 100))).toEqual(
    Array(5).fill(true),
  );
  expect(await (await fetch(`${server.url}/api/stats`)).json()).toMatchObject({ accepted: 10, lag: 0 });
});
