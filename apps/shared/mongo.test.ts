import { expect, test } from '@jest/globals';
import { databaseUrl } from '../../test/api.ts';
import { useMongo } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { connectMongo } from './mongo.ts';

const mongo = useMongo();

test('a client that was there before its server finds it, once it comes', async () => {
  const url = databaseUrl(mongo.url, 'late');
  mongo.server.kill('SIGKILL');
  await mongo.server.exited;
  const { client, db } = connectMongo({ url, appName: 'test' });
  try {
    await expect(db.collection('records').insertOne({})).rejects.toThrow('ECONNREFUSED');
    await mongo.restart();
    await until(() =>
      db
        .collection('records')
        .insertOne({})
        .then(Boolean, () => false),
    );
  } finally {
    await client.close();
  }
}, 60_000);

test('a client that was closed stays closed', async () => {
  const { client, db } = connectMongo({ url: 'mongodb://127.0.0.1:1/none', appName: 'test' });
  await expect(db.collection('records').findOne({})).rejects.toThrow('ECONNREFUSED');
  await client.close();
  await expect(db.collection('records').findOne({})).rejects.toThrow(/closed|connected/);
}, 20_000);
