import { expect, test } from '@jest/globals';
import { SettingsError } from '../settings.ts';
import { createStore, type StoreSettings } from './create.ts';

const client = { appName: 'test' };

test.each<[StoreSettings, string]>([
  [{ STORE_KIND: 'mongo', MONGO_URL: 'mongodb://127.0.0.1:1/none' }, 'MongoStore'],
  [{ STORE_KIND: 'mysql', MYSQL_URL: 'mysql://127.0.0.1:1/none', MYSQL_TLS: false }, 'MySqlStore'],
  [
    {
      STORE_KIND: 'dynamodb',
      DYNAMODB_TABLE: 'records',
      DYNAMODB_REGION: 'eu-west-1',
      DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
    },
    'DynamoDbStore',
  ],
])('the kind decides; a store that is unreachable is unavailable: %j', async (settings, name) => {
  const store = await createStore(settings, client);
  expect(store.constructor.name).toBe(name);
  await expect(store.findMany(['0'.repeat(24)])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await store.close();
});

test.each<[StoreSettings['STORE_KIND'], string]>([
  ['mongo', 'MONGO_URL'],
  ['mysql', 'MYSQL_URL'],
  ['dynamodb', 'DYNAMODB_TABLE'],
])('%s without its address is refused', async (kind, name) => {
  const opening = createStore({ STORE_KIND: kind }, client);
  await expect(opening).rejects.toThrow(SettingsError);
  await expect(opening).rejects.toThrow(name);
});
