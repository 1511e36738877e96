// The servers of the stack: each is found or fetched, started, and kept running.
import { join } from 'node:path';
import type { SqsAddress } from '../config/environment.ts';
import type { StackConfig } from '../config/schema.ts';
import { ruleFile } from '../monitoring/alert-rules.ts';
import { secondsSince } from '../tooling/poll.ts';
import { freePort } from '../tooling/ports.ts';
import type { InstallOptions } from './install/options.ts';
import { prometheusTargets } from './monitoring.ts';
import type { PortPlan } from './ports-plan.ts';
import type { Processes } from './processes.ts';
import { startElasticMq } from './servers/elasticmq.ts';
import { startKafka } from './servers/kafka.ts';
import { startMongo } from './servers/mongo.ts';
import { startPrometheus } from './servers/prometheus.ts';
import { startRedis } from './servers/redis.ts';
import type { RunningServer } from './servers/server.ts';
import type { Unit } from './supervisor.ts';

/** What the parts of a stack share while it comes up. */
export interface StackRun {
  readonly config: StackConfig;
  readonly ports: PortPlan;
  /** Of this stack: each server and the logs have a folder in it. */
  readonly dataDir: string;
  readonly processes: Processes;
  readonly install: InstallOptions & { readonly log: (line: string) => void };
}

/** Seconds for a log line: `3.2 s`. */
export const since = (begun: number): string => `${secondsSince(begun).toFixed(1)} s`;

/** @returns the address */
export const launchRedis = (run: StackRun): Promise<string> =>
  launch(run, 'redis', (options) => {
    const { memoryMiB, appendFsync } = run.config.redis;
    return startRedis({ ...options, port: run.ports.redis, maxMemoryMiB: memoryMiB, appendFsync });
  });

/** @returns the address */
export const launchMongo = (run: StackRun): Promise<string> =>
  launch(run, 'mongo', (options) =>
    startMongo({ ...options, port: run.ports.mongo, cacheMiB: run.config.mongo.cacheMiB }),
  );

/** ElasticMQ with the queue of the stack. @returns the queue */
export async function launchSqs(run: StackRun): Promise<SqsAddress> {
  const { name } = run.config.queue;
  const port = await freePort();
  const endpoint = await launch(run, 'sqs', (options) => startElasticMq({ ...options, port, queues: [name] }));
  // ElasticMQ takes any credentials; the SDK requires some.
  const accessKey = { id: 'local', secret: 'local' };
  return { queueUrl: `${endpoint}/000000000000/${name}`, region: 'elasticmq', endpoint, accessKey };
}

/**
 * Prometheus asks every process for its metrics and follows the same rules as in a cluster.
 *
 * @returns the address
 */
export const launchPrometheus = (run: StackRun, running: { producer: boolean; console: boolean }): Promise<string> =>
  launch(run, 'prometheus', (options) => {
    const { scrapeSeconds, retentionHours } = run.config.monitoring;
    return startPrometheus({
      ...options,
      port: run.ports.prometheus,
      targets: prometheusTargets(run.ports, running),
      rules: ruleFile(run.config, 'local'),
      scrapeSeconds,
      retentionHours,
    });
  });

async function launch(
  { dataDir, processes, install }: StackRun,
  name: 'redis' | 'mongo' | 'sqs' | 'prometheus',
  start: (options: InstallOptions & { readonly dataDir: string }) => Promise<RunningServer>,
): Promise<string> {
  const begun = performance.now();
  const folder = join(dataDir, name);
  let server: RunningServer | undefined;
  await processes.keep({
    name,
    stage: name === 'prometheus' ? 'observers' : 'servers',
    logFile: join(folder, `${name}.log`),
    start: async () => (server = await start({ ...install, dataDir: folder })),
  });
  install.log(`${server!.origin}; ready in ${since(begun)}`);
  return server!.url;
}

/**
 * Kafka's brokers, each a process of its own that comes back; they are stopped as a cluster.
 *
 * @returns their addresses
 */
export async function launchKafka({ config, ports, dataDir, processes, install }: StackRun): Promise<string[]> {
  const begun = performance.now();
  const folder = join(dataDir, 'kafka');
  const { brokers, heapMiB } = config.kafka;
  const starting = startKafka({
    ...install,
    dataDir: folder,
    brokers,
    heapMiB,
    ...(ports.kafka !== undefined && { port: ports.kafka }),
  });
  processes.stopWith('servers', async () => {
    const cluster = await starting.catch(() => undefined); // whoever waits for the start learns of its failure
    await cluster?.stop();
  });
  const cluster = await starting;
  await Promise.all(
    cluster.brokers.map((first) => {
      let running: Unit | undefined = first; // a restart goes through the cluster
      const start = async (): Promise<Unit> => {
        const broker = running ?? (await cluster.startBroker(first.nodeId));
        running = undefined;
        return broker;
      };
      const logFile = join(folder, `broker-${first.nodeId}`, 'kafka.log');
      return processes.keep({ name: `kafka-${first.nodeId}`, stage: undefined, logFile, start });
    }),
  );
  install.log(`${cluster.origin}; ready in ${since(begun)}`);
  return cluster.url.split(',');
}
