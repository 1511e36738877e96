// Real servers for tests: one of each kind per test file, with data of its own that is removed
// afterwards.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { type ElasticMqOptions, startElasticMq } from '../local/servers/elasticmq.ts';
import { type KafkaOptions, type RunningKafka, startKafka } from '../local/servers/kafka.ts';
import { type MariaDbOptions, startMariaDb } from '../local/servers/mariadb.ts';
import { type MongoOptions, startMongo } from '../local/servers/mongo.ts';
import { type RedisOptions, startRedis } from '../local/servers/redis.ts';
import type { RunningServer, ServerOptions } from '../local/servers/server.ts';

/** A start on a busy machine. */
const startTimeoutMs = 120_000;

type Start<O, S> = (options: O & ServerOptions) => Promise<S>;

/** A server that is started before the tests of a file and removed, with its data, after them. */
export class ServerFixture<S extends RunningServer = RunningServer> {
  readonly #kind: string;
  readonly #launch: (dataDir: string, port?: number) => Promise<S>;
  readonly #parent: string;
  #server: S | undefined;
  #dataDir: string | undefined;

  private constructor(kind: string, launch: (dataDir: string, port?: number) => Promise<S>, parent = tmpdir()) {
    this.#kind = kind;
    this.#launch = launch;
    this.#parent = parent;
    beforeAll(() => this.#start(), startTimeoutMs);
    afterAll(() => this.#remove(), 60_000);
  }

  /**
   * @param options `dataDir` is the folder in which its data gets one of its own; default the
   * system's temporary one
   */
  static use<O extends { dataDir?: string }, S extends RunningServer>(
    kind: string,
    start: Start<O, S>,
    options: O,
  ): ServerFixture<S> {
    const launch = (dataDir: string, port?: number) =>
      start({ env: process.env, ...options, dataDir, ...(port !== undefined && { port }) });
    return new ServerFixture(kind, launch, options.dataDir);
  }

  async #start(): Promise<void> {
    this.#dataDir = await mkdtemp(join(this.#parent, `breakwater-${this.#kind}-`));
    this.#server = await this.#launch(this.#dataDir);
  }

  async #remove(): Promise<void> {
    this.#server?.kill('SIGKILL'); // its data is removed, so it need not stop gracefully
    await this.#server?.stop();
    if (this.#dataDir) await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** The running server; only from within tests and hooks. */
  get server(): S {
    if (!this.#server) throw new Error(`${this.#kind} is started by beforeAll: use it inside a test or hook`);
    return this.#server;
  }

  /** Where it keeps its data; only from within tests and hooks. */
  get dataDir(): string {
    if (!this.#dataDir) throw new Error(`${this.#kind} is started by beforeAll: use it inside a test or hook`);
    return this.#dataDir;
  }

  /** Its address; only from within tests and hooks. */
  get url(): string {
    return this.server.url;
  }

  /** Starts it again over the same data, on the same port, after a test killed or stopped it. */
  async restart(): Promise<S> {
    const { url } = this.server;
    await this.server.stop();
    // Kafka finds its ports again by itself.
    this.#server = await this.#launch(this.#dataDir!, this.#kind === 'kafka' ? undefined : portOf(url));
    return this.#server;
  }
}

/** A Redis for this test file. */
export function useRedis(options: Partial<RedisOptions> = {}): ServerFixture {
  return ServerFixture.use('redis', startRedis, options);
}

/** A MongoDB for this test file. */
export function useMongo(options: Partial<MongoOptions> = {}): ServerFixture {
  return ServerFixture.use('mongo', startMongo, options);
}

/** A MariaDB for this test file. */
export function useMariaDb(options: Partial<MariaDbOptions> = {}): ServerFixture {
  return ServerFixture.use('mariadb', startMariaDb, options);
}

/**
 * Settings with which a killed broker may come back after 2 s: by default the controller thinks it
 * dead after 9.
 */
export const KILLED_BROKERS_RETURN = {
  'broker.session.timeout.ms': '2000',
  'broker.heartbeat.interval.ms': '300',
};

/** A Kafka cluster for this test file; `brokers` defaults to 1 (ready in 2 s; three take 6 s). */
export function useKafka(options: Partial<KafkaOptions> = {}): ServerFixture<RunningKafka> {
  // A broker of a test lives for seconds: the optimizing compiler would take a quarter of the CPU
  // time for nothing.
  return ServerFixture.use('kafka', startKafka, { javaOptions: ['-XX:TieredStopAtLevel=1'], ...options });
}

/** An SQS for this test file. */
export function useSqs(options: Partial<ElasticMqOptions> = {}): ServerFixture {
  return ServerFixture.use('sqs', startElasticMq, options);
}

function portOf(url: string): number {
  return Number(/:(\d+)/.exec(url.replace(/^\w+:\/\//, ''))![1]);
}
