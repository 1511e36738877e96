// Who connects to whom: the table that the network policies of the main and API namespaces are
// compiled from. It reads like the diagram. Whatever is not in it is refused.

import { BACKUP_PORT } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';
import { hasOwnMongo } from '../../config/servers.ts';
import { MONGO_EXPORTER_PORT, REDIS_EXPORTER_PORT } from '../../monitoring/ports.ts';
import { issuerEnds, SIGN_ON_PORT } from '../kubernetes/sign-on.ts';
import { METRICS_PORT } from '../kubernetes/workload.ts';
import { BROKER_PORT, CLIENT_PORT, CONTROLLER_PORT, EXTERNAL_PORT } from '../servers/kafka/ports.ts';
import { type Part, partsOf } from '../stack/parts.ts';
import { MONGO_PORT, REDIS_PORT } from './addresses.ts';
import { type Flow, isOutsider, type Outsider } from './compile.ts';

type Party = Part | Outsider;
type End = readonly [to: Party, port: number];

/** Ports of `host:port,host:port`, `redis://host:port` or `mongodb+srv://host/database`. */
export function portsOf(addresses: string, fallback: number): readonly number[] {
  const hosts = addresses.replace(/^[a-z+]+:\/\//, '').replace(/\/.*$/, '');
  return [...new Set(hosts.split(',').map((host) => Number(/:(\d+)$/.exec(host)?.[1] ?? fallback)))];
}

/** Port of MySQL where its address has none. */
const MYSQL_PORT = 3306;
const HTTPS_PORT = 443;
const POD_IDENTITY: End = ['pod-identity', 80];

const outside = (addresses: string, fallback: number): readonly End[] =>
  portsOf(addresses, fallback).map((port) => ['external', port]);

/** Where clients reach the store. */
function storeEnds(config: StackConfig): readonly End[] {
  const { store, mongo, mysql, dynamodb, gate } = config;
  if (hasOwnMongo(config)) return [['gate', gate.port]];
  if (store.kind === 'mysql') return [mysql.external, mysql.readers].flatMap((url) => outside(url ?? '', MYSQL_PORT));
  if (store.kind === 'dynamodb') return [...outside(dynamodb.endpoint ?? '', HTTPS_PORT), POD_IDENTITY];
  return outside(mongo.external ?? '', MONGO_PORT);
}

/** Where clients reach each server; empty if the stack does not use it. */
function endsOf(config: StackConfig) {
  const { queue, kafka, sqs, redis } = config;
  const own = (server: Part, port: number): readonly End[] => [[server, port]];
  const kafkaEnds = kafka.external === undefined ? own('kafka', CLIENT_PORT) : outside(kafka.external, CLIENT_PORT);
  const redisEnds = redis.external === undefined ? own('redis', REDIS_PORT) : outside(redis.external, REDIS_PORT);
  return {
    kafka: queue.kind === 'kafka' ? kafkaEnds : [],
    sqs: queue.kind === 'sqs' ? [...outside(sqs.endpoint ?? '', HTTPS_PORT), POD_IDENTITY] : [],
    redis: redisEnds,
    // KEDA asks the API for the lag of SQS.
    queue: { kafka: kafkaEnds, 'redis-streams': redisEnds, sqs: [] }[queue.kind],
    store: storeEnds(config),
  };
}

/** The collector of traces; empty if nothing is traced. */
function collectorOf({ tracing: { endpoint } }: StackConfig): readonly End[] {
  if (endpoint === undefined) return [];
  return outside(endpoint, endpoint.startsWith('https:') ? 443 : 80);
}

const between = (from: readonly Party[], to: readonly End[]): readonly Flow<Part>[] =>
  from.flatMap((one) => to.map(([end, port]) => ({ from: one, to: end, port })));

/** Every connection that the pods of a stack need. */
export function flowsOf(config: StackConfig): readonly Flow<Part>[] {
  const { api, console } = config;
  const parts = partsOf(config);
  const signsOn = config.sso.issuer !== undefined;
  const server = endsOf(config);
  const apps = ['api', 'consumer', 'gate', 'producer'] as const;
  const metricsOf = (pods: readonly Part[]) => pods.map((pod): End => [pod, METRICS_PORT]);

  const diagram: readonly Flow<Part>[] = [
    // The ways in: the API, the live page with its login, Kafka with its login, and with single
    // sign-on Kafka's web UI. The login of a page asks the issuer.
    { from: 'anyone', to: 'api', port: api.port },
    { from: 'anyone', to: 'console', port: signsOn ? SIGN_ON_PORT : console.port },
    ...between(signsOn ? ['anyone'] : [], [['kafka-ui', SIGN_ON_PORT]]),
    ...between(signsOn ? ['console', 'kafka-ui'] : [], issuerEnds(config.sso)),
    ...between(config.kafka.nodePort > 0 ? ['anyone'] : [], [['kafka', EXTERNAL_PORT]]),

    // API ─▶ queue ─▶ consumer ─▶ gate ─▶ MongoDB, the cache, the producer and the topics job.
    ...between(['api', 'consumer', 'producer'], server.redis),
    ...between(['api', 'consumer', 'producer', 'topics', 'kafka-ui'], server.kafka),
    ...between(['api', 'consumer', 'producer'], server.sqs),
    ...between(['api', 'consumer'], server.store),
    { from: 'gate', to: 'mongo', port: MONGO_PORT },
    { from: 'backup', to: 'gate', port: BACKUP_PORT },

    // Spans, to a collector of traces that is not ours.
    ...between(['api', 'consumer'], collectorOf(config)),

    // Between brokers. These listeners have no authentication: only this rule protects them.
    { from: 'kafka', to: 'kafka', port: BROKER_PORT },
    { from: 'kafka', to: 'kafka', port: CONTROLLER_PORT },

    // Observers: KEDA reads the queue, and except with Kafka the lag in records from the API; the
    // API reads the gate's count, console and Prometheus all metrics.
    ...between(['keda'], server.queue),
    ...between(config.queue.kind === 'kafka' ? [] : ['keda'], [['api', api.port]]),
    ...between(['api'], metricsOf(['gate'])),
    ...between(['console'], metricsOf(apps)),
    ...between(config.monitoring.enabled ? ['monitoring'] : [], [
      ...metricsOf([...apps, 'console', 'kafka']),
      ['redis-exporter', REDIS_EXPORTER_PORT],
      ['mongo-exporter', MONGO_EXPORTER_PORT],
    ]),
    // Exporters bypass the gate, which would count their queries: they do not touch the disk.
    { from: 'redis-exporter', to: 'redis', port: REDIS_PORT },
    { from: 'mongo-exporter', to: 'mongo', port: MONGO_PORT },
  ];
  const isHere = (party: Party) => parts.has(party as Part);
  const exists = (party: Party) => isHere(party) || isOutsider(party);
  // A connection between outsiders, such as KEDA's to an external queue, is not ours to allow.
  return diagram.filter(({ from, to }) => exists(from) && exists(to) && (isHere(from) || isHere(to)));
}
