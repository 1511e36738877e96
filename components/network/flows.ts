// Who talks to whom: the one table that the network policies are made from. It reads like the diagram; what is not in it is refused.
import type { StackConfig } from '../../config/schema.ts';
import { MONGO_EXPORTER_PORT, REDIS_EXPORTER_PORT } from '../../monitoring/ports.ts';
import { METRICS_PORT } from '../kubernetes/workload.ts';
import { BROKER_PORT, CLIENT_PORT, CONTROLLER_PORT } from '../servers/kafka/ports.ts';
import { MONGO_PORT, REDIS_PORT } from './addresses.ts';

/** Pods of the stack, by the name of their component. */
export type Pod =
  | 'api'
  | 'consumer'
  | 'producer'
  | 'topics'
  | 'console'
  | 'gate'
  | 'kafka'
  | 'kafka-ui'
  | 'redis'
  | 'mongo'
  | 'redis-exporter'
  | 'mongo-exporter';

/** Who is not a pod of the stack: anybody at all, KEDA's operator, the monitoring namespace, servers outside the cluster. */
export type Outsider = 'anyone' | 'keda' | 'monitoring' | 'external';

/** One allowed connection, by who opens it. */
export interface Flow {
  readonly from: Pod | Outsider;
  readonly to: Pod | Outsider;
  readonly port: number;
}

type End = readonly [to: Pod | 'external', port: number];

/** Pods that a stack has. */
export function podsOf({ queue, kafka, redis, mongo, producer, console, monitoring }: StackConfig): ReadonlySet<Pod> {
  const usesKafka = queue.kind === 'kafka';
  const has: Readonly<Record<Pod, boolean>> = {
    api: true,
    consumer: true,
    producer: producer.rate > 0,
    topics: usesKafka,
    console: console.enabled,
    gate: mongo.external === undefined,
    kafka: usesKafka && kafka.external === undefined,
    'kafka-ui': usesKafka && kafka.ui,
    redis: redis.external === undefined,
    mongo: mongo.external === undefined,
    'redis-exporter': monitoring.enabled && redis.external === undefined,
    'mongo-exporter': monitoring.enabled && mongo.external === undefined,
  };
  return new Set((Object.keys(has) as Pod[]).filter((pod) => has[pod]));
}

/** Ports in addresses such as `host:port,host:port`, `redis://host:port` or `mongodb+srv://host/database`. */
export function portsOf(addresses: string, fallback: number): readonly number[] {
  const hosts = addresses.replace(/^[a-z+]+:\/\//, '').replace(/\/.*$/, '');
  return [...new Set(hosts.split(',').map((host) => Number(/:(\d+)$/.exec(host)?.[1] ?? fallback)))];
}

const outside = (addresses: string, fallback: number): readonly End[] =>
  portsOf(addresses, fallback).map((port) => ['external', port]);

/** Where the apps find each server. */
function ends({ queue, kafka, redis, mongo, gate }: StackConfig) {
  const own = (server: Pod, port: number): readonly End[] => [[server, port]];
  const kafkaEnds = kafka.external === undefined ? own('kafka', CLIENT_PORT) : outside(kafka.external, CLIENT_PORT);
  const redisEnds = redis.external === undefined ? own('redis', REDIS_PORT) : outside(redis.external, REDIS_PORT);
  return {
    kafka: queue.kind === 'kafka' ? kafkaEnds : [],
    redis: redisEnds,
    queue: queue.kind === 'kafka' ? kafkaEnds : redisEnds,
    mongo: mongo.external === undefined ? own('gate', gate.port) : outside(mongo.external, MONGO_PORT),
  };
}

const between = (from: readonly Flow['from'][], to: readonly End[]): readonly Flow[] =>
  from.flatMap((one) => to.map(([end, port]) => ({ from: one, to: end, port })));

/** Every connection that a stack needs. */
export function flowsOf(config: StackConfig): readonly Flow[] {
  const { api, console, monitoring } = config;
  const server = ends(config);
  const apps = ['api', 'consumer', 'gate', 'producer'] as const;
  const pods = podsOf(config);

  const diagram: readonly Flow[] = [
    // The two doors: the API, and the live page behind its login.
    { from: 'anyone', to: 'api', port: api.port },
    { from: 'anyone', to: 'console', port: console.port },

    // API ─▶ queue ─▶ consumer ─▶ gate ─▶ MongoDB, the cache beside it, and who fills and declares the queue.
    ...between(['api', 'consumer', 'producer'], server.redis),
    ...between(['api', 'consumer', 'producer', 'topics', 'kafka-ui'], server.kafka),
    ...between(['api', 'consumer'], server.mongo),
    { from: 'gate', to: 'mongo', port: MONGO_PORT },

    // The brokers among themselves. These ports ask for no password: this line is what keeps others out.
    { from: 'kafka', to: 'kafka', port: BROKER_PORT },
    { from: 'kafka', to: 'kafka', port: CONTROLLER_PORT },

    // Who watches: KEDA the queue, the API the gate's count, the console and Prometheus everybody's metrics.
    ...between(['keda'], server.queue),
    { from: 'api', to: 'gate', port: METRICS_PORT },
    ...between(
      ['console'],
      apps.map((app) => [app, METRICS_PORT]),
    ),
    ...(monitoring.enabled
      ? between(
          ['monitoring'],
          [
            ...[...apps, 'console' as const, 'kafka' as const].map((app): End => [app, METRICS_PORT]),
            ['redis-exporter', REDIS_EXPORTER_PORT],
            ['mongo-exporter', MONGO_EXPORTER_PORT],
          ],
        )
      : []),
    ...between(['redis-exporter'], [['redis', REDIS_PORT]]),
    // Past the gate: what it asks needs no disk, and would be counted as work if it went through.
    ...between(['mongo-exporter'], [['mongo', MONGO_PORT]]),
  ];
  const outsiders: readonly string[] = ['anyone', 'keda', 'monitoring', 'external'] satisfies Outsider[];
  const isThere = (party: Pod | Outsider) => outsiders.includes(party) || pods.has(party as Pod);
  // What neither starts nor ends in the stack is not ours to allow.
  const isOurs = ({ from, to }: Flow) => pods.has(from as Pod) || pods.has(to as Pod);
  return diagram.filter((flow) => isThere(flow.from) && isThere(flow.to) && isOurs(flow));
}
