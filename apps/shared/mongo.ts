// The connection to MongoDB: bounded waits, journaled writes, errors that name the address.
import { type Db, MongoClient } from 'mongodb';

export interface MongoConnectionOptions {
  /** mongodb://host:port/database */
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  /** Shown in MongoDB's logs. */
  appName: string;
  /** Connections at most. Default 10. */
  maxPoolSize?: number;
}

/** A client that connects on first use: an unreachable server is an error of the call, not of the start. */
export function connectMongo(options: MongoConnectionOptions): { client: MongoClient; db: Db } {
  const client = new MongoClient(options.url, {
    appName: options.appName,
    maxPoolSize: options.maxPoolSize ?? 10,
    serverSelectionTimeoutMS: 3_000,
    connectTimeoutMS: 3_000,
    socketTimeoutMS: 30_000,
    // Each command is tried once: whoever calls decides what a retry may cost, and sessions are not needed for it.
    retryWrites: false,
    retryReads: false,
    ...(options.username === undefined
      ? {}
      : { auth: { username: options.username, password: options.password ?? '' } }),
  });
  return { client, db: client.db() };
}
