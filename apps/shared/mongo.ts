// The connection to MongoDB: bounded waits, journaled writes, errors that name the address.
import { type Db, MongoClient, type MongoClientOptions } from 'mongodb';

export interface MongoConnectionOptions {
  /** mongodb://host:port/database */
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  /** Shown in MongoDB's logs. */
  appName: string;
  /** Connections at most. Default 10. */
  maxPoolSize?: number | undefined;
}

const START_OVER_MS = 100;

/**
 * The driver gives up for good when its first connection fails ("Topology is closed" from then on, to every call). This client
 * starts over, for as long as it is open.
 */
class LastingClient extends MongoClient {
  #open = true;

  constructor(url: string, options: MongoClientOptions) {
    super(url, options);
    // Not at once: the failed attempt must have ended, or the driver takes it for the new one.
    this.on('topologyClosed', () => setTimeout(() => this.#startOver(), START_OVER_MS).unref());
  }

  override close(force?: boolean): Promise<void> {
    this.#open = false;
    return super.close(force);
  }

  #startOver(): void {
    // A failure closes the topology again, which leads back here; the caller's own calls tell what is wrong.
    if (this.#open) this.connect().catch(() => undefined);
  }
}

/** A client that connects on first use: an unreachable server is an error of the call, not of the start. */
export function connectMongo(options: MongoConnectionOptions): { client: MongoClient; db: Db } {
  const client = new LastingClient(options.url, {
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
