// Real servers for tests: one of each kind per test file, with data of its own that is removed afterwards.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { type KafkaOptions, type RunningKafka, startKafka } from '../local/servers/kafka.ts';
import { type MongoOptions, startMongo } from '../local/servers/mongo.ts';
import { type RedisOptions, startRedis } from '../local/servers/redis.ts';
import type { RunningServer, ServerOptions } from '../local/servers/server.ts';

/** The first start on a machine fetches the server. */
const startTimeoutMs = 300_000;

/** A server that the fixture starts before the tests and removes after them. */
export interface ServerFixture<S extends RunningServer = RunningServer> {
  /** The running server; only from within tests and hooks. */
  readonly server: S;
  /** Its address; only from within tests and hooks. */
  readonly url: string;
  /** Starts it again over the same data, after a test killed or stopped it; on the same port, so that clients find it. */
  restart(): Promise<S>;
}

type Start<O, S> = (options: O & ServerOptions) => Promise<S>;

function useServer<O, S extends RunningServer>(kind: string, start: Start<O, S>, options: O): ServerFixture<S> {
  let server: S | undefined;
  let dataDir: string | undefined;
  const launch = async (port?: number): Promise<S> => {
    server = await start({ env: process.env, ...options, dataDir: dataDir!, ...(port !== undefined && { port }) });
    return server;
  };
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), `breakwater-${kind}-`));
    await launch();
  }, startTimeoutMs);
  afterAll(async () => {
    server?.kill('SIGKILL'); // its data goes too: no use in a graceful stop
    await server?.stop();
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  }, 60_000);
  const running = (): S => {
    if (!server) throw new Error(`${kind} is started by beforeAll: ask for it inside a test or hook`);
    return server;
  };
  return {
    get server() {
      return running();
    },
    get url() {
      return running().url;
    },
    async restart() {
      const { url } = running();
      await running().stop();
      return launch(kind === 'kafka' ? undefined : portOf(url)); // Kafka finds its ports again by itself
    },
  };
}

/** A Redis for this test file. */
export function useRedis(options: Partial<RedisOptions> = {}): ServerFixture {
  return useServer('redis', startRedis, options);
}

/** A MongoDB for this test file. */
export function useMongo(options: Partial<MongoOptions> = {}): ServerFixture {
  return useServer('mongo', startMongo, options);
}

/** A Kafka cluster for this test file; `brokers` defaults to 1 (ready in 2 s; three take 6 s). */
export function useKafka(options: Partial<KafkaOptions> = {}): ServerFixture<RunningKafka> {
  // A broker of a test lives for seconds: the optimizing compiler would take a quarter of the CPU time for nothing.
  return useServer('kafka', startKafka, { javaOptions: ['-XX:TieredStopAtLevel=1'], ...options });
}

function portOf(url: string): number {
  return Number(/:(\d+)/.exec(url.replace(/^\w+:\/\//, ''))![1]);
}
