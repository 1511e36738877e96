// The store that the settings ask for.
import type { Logger } from '../logger.ts';
import { connectMongo } from '../mongo.ts';
import { SettingsError } from '../settings.ts';
import { MongoStore } from './mongo/store.ts';
import type { Store } from './store.ts';

export interface StoreSettings {
  STORE_KIND: 'mongo' | 'mysql' | 'dynamodb';
  MONGO_URL?: string | undefined;
  MONGO_USERNAME?: string | undefined;
  MONGO_PASSWORD?: string | undefined;
  MYSQL_URL?: string | undefined;
  MYSQL_READER_URL?: string | undefined;
  MYSQL_USERNAME?: string | undefined;
  MYSQL_PASSWORD?: string | undefined;
  MYSQL_TLS?: boolean | undefined;
  DYNAMODB_TABLE?: string | undefined;
  DYNAMODB_REGION?: string | undefined;
  DYNAMODB_ENDPOINT?: string | undefined;
}

export interface StoreClient {
  /** Shown in MongoDB's logs. */
  readonly appName: string;
  /** Connections at most, to each server. Default 10. */
  readonly maxConnections?: number;
  /** Default: none. */
  readonly logger?: Logger;
}

/**
 * Opens the store; connects on first use. Only the client that it needs is loaded.
 * @throws SettingsError when the address of the store is missing
 */
export async function createStore(
  settings: StoreSettings,
  { appName, maxConnections = 10, logger }: StoreClient,
): Promise<Store> {
  if (settings.STORE_KIND === 'mysql') {
    const { MYSQL_URL: url, MYSQL_READER_URL: readerUrl, MYSQL_USERNAME: username } = settings;
    const { MYSQL_PASSWORD: password, MYSQL_TLS: tls = true } = settings;
    const { MySqlStore } = await import('./mysql/store.ts');
    return new MySqlStore({ url: given('MYSQL_URL', url), readerUrl, username, password, tls, maxConnections, logger });
  }
  if (settings.STORE_KIND === 'dynamodb') {
    const { DYNAMODB_TABLE: table, DYNAMODB_REGION: region, DYNAMODB_ENDPOINT: endpoint } = settings;
    const { DynamoDbStore } = await import('./dynamodb/store.ts');
    return new DynamoDbStore({
      table: given('DYNAMODB_TABLE', table),
      region: given('DYNAMODB_REGION', region),
      endpoint,
    });
  }
  const { MONGO_URL: url, MONGO_USERNAME: username, MONGO_PASSWORD: password } = settings;
  const { db } = connectMongo({
    url: given('MONGO_URL', url),
    username,
    password,
    appName,
    maxPoolSize: maxConnections,
  });
  return new MongoStore(db);
}

function given(name: string, value: string | undefined): string {
  if (value === undefined) throw new SettingsError(`Bad settings:\n  ${name}: is required for this STORE_KIND`);
  return value;
}
