// The store that the settings ask for.
import { connectMongo } from '../mongo.ts';
import { MongoStore } from './mongo/store.ts';
import type { Store } from './store.ts';

export interface StoreSettings {
  MONGO_URL: string;
  MONGO_USERNAME?: string | undefined;
  MONGO_PASSWORD?: string | undefined;
}

export interface StoreClient {
  /** Shown in the database's logs, where it has such. */
  readonly appName: string;
  /** Connections at most. Default 10. */
  readonly maxConnections?: number;
}

/** Opens the store; connects on first use. */
export function createStore(settings: StoreSettings, { appName, maxConnections }: StoreClient): Store {
  const { db } = connectMongo({
    url: settings.MONGO_URL,
    username: settings.MONGO_USERNAME,
    password: settings.MONGO_PASSWORD,
    appName,
    maxPoolSize: maxConnections,
  });
  return new MongoStore(db);
}
