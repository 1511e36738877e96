// The rules between keys: combinations that are each in range and cannot work together, each with the reason.
import type { ConfigProblem } from './errors.ts';
import { externalServers } from './external-rules.ts';
import { grouped } from './keys.ts';
import type { StackConfig } from './schema.ts';
import { gateCost, KIB, MIB, recordBytes, redisBytesPerRecord } from './sizes.ts';

/** Finds what is wrong: a list, empty when the combination works. */
type Rule = (config: StackConfig) => readonly ConfigProblem[];

const when = (broken: boolean, key: string, message: () => string): readonly ConfigProblem[] =>
  broken ? [{ key, message: message() }] : [];

const mib = (bytes: number): string => `${grouped(Math.ceil(bytes / MIB))} MiB`;

/** A batch that takes longer than this is taken for a dead consumer's. */
const LONGEST_BATCH_SECONDS = 30;
/** Share of Redis' memory that unstored records may take; the rest is for the cache and for Redis itself. */
const REDIS_SHARE = 0.9;
/** What mongod takes besides its cache. */
const MONGOD_BASE_MIB = 200;

const cluster: Rule = ({ cluster: { kind, context, registry, servers } }) => [
  ...when(
    kind === 'kubeconfig' && context === undefined,
    'cluster:context',
    () =>
      'is missing: cluster:kind kubeconfig needs the name of a kubeconfig context, so that no other cluster is changed by mistake',
  ),
  ...when(
    kind === 'k3d' && context !== undefined,
    'cluster:context',
    () => 'is read only with cluster:kind kubeconfig; remove it, or set cluster:kind kubeconfig',
  ),
  ...when(
    kind === 'kubeconfig' && registry === undefined,
    'cluster:registry',
    () =>
      'is missing: cluster:kind kubeconfig needs a registry that this machine can push to and the cluster can pull from, such as registry.example.com/team',
  ),
  ...when(
    kind === 'k3d' && registry !== undefined,
    'cluster:registry',
    () => 'is read only with cluster:kind kubeconfig, since k3d brings a registry of its own; remove it',
  ),
  ...when(
    servers % 2 === 0,
    'cluster:servers',
    () =>
      `is ${servers}: an even number of servers survives no more failures than one fewer; use ${servers - 1} or ${servers + 1 > 7 ? servers - 1 : servers + 1}`,
  ),
];

const hostPorts: Rule = ({ cluster }) => {
  const keys = ['httpPort', 'nodePortHostPort', 'apiPort', 'registryPort'] as const;
  return keys.flatMap((key, index) => {
    const taken = keys.slice(0, index).find((other) => cluster[other] === cluster[key]);
    return when(
      taken !== undefined,
      `cluster:${key}`,
      () => `is ${cluster[key]}, as cluster:${taken} is: one port of this machine cannot lead to both; choose another`,
    );
  });
};

const localPorts: Rule = (config) => {
  const ports = [
    ['api:port', config.api.port],
    ['redis:port', config.redis.port],
    ['mongo:port', config.mongo.port],
    ['gate:port', config.gate.port],
    ['console:port', config.console.port],
  ] as const;
  return ports.flatMap(([key, port], index) => {
    const taken = ports.slice(0, index).find(([, other]) => other === port);
    const broker = port - config.kafka.port;
    const problems = when(
      taken !== undefined,
      key,
      () => `is ${port}, as ${taken?.[0]} is; give each a port of its own`,
    );
    if (config.queue.kind !== 'kafka' || broker < 0 || broker >= config.kafka.brokers) return problems;
    return [
      ...problems,
      {
        key,
        message: `is ${port}, which broker ${broker} takes in the local run (kafka:port + ${broker}); choose a port outside ${config.kafka.port}..${config.kafka.port + config.kafka.brokers - 1}`,
      },
    ];
  });
};

const kafka: Rule = ({ kafka: { brokers, replicationFactor, minInsyncReplicas } }) => [
  ...when(
    brokers === 2,
    'kafka:brokers',
    () =>
      'is 2: the first brokers are also the controllers, and two of them have no majority once one is down; use 1, or 3 and more',
  ),
  ...when(
    replicationFactor > brokers,
    'kafka:replicationFactor',
    () =>
      `is ${replicationFactor}, more than kafka:brokers (${brokers}): each copy needs a broker of its own; allowed: 1 to ${brokers}`,
  ),
  ...when(
    minInsyncReplicas > replicationFactor,
    'kafka:minInsyncReplicas',
    () =>
      `is ${minInsyncReplicas}, more than kafka:replicationFactor (${replicationFactor}): no write would ever be confirmed; allowed: 1 to ${replicationFactor}`,
  ),
];

const kafkaRetention: Rule = (config) => {
  const needed = 2 * config.queue.maxLength * recordBytes(config);
  const kept = config.kafka.retentionMiB * MIB;
  return when(
    config.queue.kind === 'kafka' && needed > kept,
    'kafka:retentionMiB',
    () =>
      `is ${grouped(config.kafka.retentionMiB)} MiB, too little for queue:maxLength (${grouped(config.queue.maxLength)} records of about ${grouped(recordBytes(config))} bytes, twice): Kafka would delete records before they are stored; at least ${mib(needed)}, or a smaller queue:maxLength`,
  );
};

const redisMemory: Rule = (config) => {
  const needed = config.queue.maxLength * redisBytesPerRecord(config);
  const usable = config.redis.memoryMiB * MIB * REDIS_SHARE;
  return when(
    needed > usable,
    'queue:maxLength',
    () =>
      `is ${grouped(config.queue.maxLength)} records, which until they are stored lie in Redis (about ${grouped(redisBytesPerRecord(config))} bytes each) and do not fit into redis:memoryMiB (${grouped(config.redis.memoryMiB)} MiB): at most ${grouped(Math.floor(usable / redisBytesPerRecord(config)))} records, or at least ${mib(needed / REDIS_SHARE)}`,
  );
};

const api: Rule = ({ api: { payloadChars, bodyLimitKiB, stickySessions, exposure }, hpa }) => [
  ...when(
    5 * payloadChars + KIB > bodyLimitKiB * KIB,
    'api:bodyLimitKiB',
    () =>
      `is ${bodyLimitKiB} KiB, too small for five payloads of api:payloadChars (${payloadChars}) characters; at least ${Math.ceil((5 * payloadChars + KIB) / KIB)} KiB`,
  ),
  ...when(
    stickySessions && exposure !== 'ingress',
    'api:stickySessions',
    () => 'is true, but only an ingress can keep a client on one pod; set api:exposure ingress or turn it off',
  ),
  ...when(
    hpa.enabled && hpa.minReplicas > hpa.maxReplicas,
    'hpa:minReplicas',
    () => `is ${hpa.minReplicas}, more than hpa:maxReplicas (${hpa.maxReplicas}); allowed: 1 to ${hpa.maxReplicas}`,
  ),
];

const hosts: Rule = ({ api, console, monitoring }) => {
  const names = [
    ...(api.exposure === 'ingress' ? [['api:host', api.host] as const] : []),
    ...(console.enabled ? [['console:host', console.host] as const] : []),
    ...(monitoring.enabled ? [['monitoring:host', monitoring.host] as const] : []),
  ];
  return names.flatMap(([key, host], index) => {
    const taken = names.slice(0, index).find(([, other]) => other === host);
    return when(
      taken !== undefined,
      key,
      () => `is ${host}, as ${taken?.[0]} is: the ingress tells them apart by their names; choose another`,
    );
  });
};

const latencyScaling: Rule = ({ hpa, monitoring }) =>
  when(
    hpa.enabled && hpa.metric === 'latency' && !monitoring.enabled,
    'hpa:metric',
    () => 'is latency, which is read from Prometheus, but monitoring:enabled is false; turn monitoring on or use cpu',
  );

const consumers: Rule = ({ queue, kafka: { partitions }, consumer: { replicas, minReplicas, maxReplicas } }) => [
  ...when(
    minReplicas > maxReplicas,
    'consumer:minReplicas',
    () => `is ${minReplicas}, more than consumer:maxReplicas (${maxReplicas}); allowed: 0 to ${maxReplicas}`,
  ),
  ...when(
    queue.kind === 'kafka' && maxReplicas > partitions,
    'consumer:maxReplicas',
    () =>
      `is ${maxReplicas}, more than kafka:partitions (${partitions}): a partition feeds one consumer of the group, so the others would idle; at most ${partitions}, or more partitions`,
  ),
  ...when(
    queue.kind === 'kafka' && replicas > partitions,
    'consumer:replicas',
    () =>
      `is ${replicas}, more than kafka:partitions (${partitions}): a partition feeds one consumer of the group, so the others would idle; at most ${partitions}, or more partitions`,
  ),
];

const batches: Rule = ({ consumer: { batchSize, batchBytes, workMs }, mongo: { iops } }) => [
  ...when(
    iops > 0 && gateCost(batchBytes) > iops,
    'consumer:batchBytes',
    () =>
      `is ${grouped(batchBytes)} bytes, which costs the gate ${gateCost(batchBytes)} operations, more than mongo:iops lets through in a second (${iops}); at most ${grouped(iops * 256 * KIB)} bytes`,
  ),
  ...when(
    (batchSize * workMs) / 1000 > LONGEST_BATCH_SECONDS,
    'consumer:batchSize',
    () =>
      `is ${grouped(batchSize)} records, which at consumer:workMs ${workMs} take ${grouped((batchSize * workMs) / 1000)} s: a consumer that long without a sign of life is taken for dead; at most ${grouped(Math.floor((LONGEST_BATCH_SECONDS * 1000) / workMs))} records`,
  ),
];

const mongo: Rule = ({ mongo: { iops, writesPerSecond, memoryMiB, cacheMiB } }) => [
  ...when(
    iops > 0 && writesPerSecond === 0,
    'mongo:writesPerSecond',
    () =>
      `is 0 (no limit), which leaves reads nothing of what the gate lets through (mongo:iops ${iops}); allowed: 1 to ${iops}, less what reads need`,
  ),
  ...when(
    iops > 0 && writesPerSecond > iops,
    'mongo:writesPerSecond',
    () =>
      `is ${writesPerSecond}, more than the gate lets through (mongo:iops ${iops}); allowed: 1 to ${iops}, less what reads need`,
  ),
  ...when(
    cacheMiB + MONGOD_BASE_MIB > memoryMiB,
    'mongo:cacheMiB',
    () =>
      `is ${cacheMiB} MiB, which with the ${MONGOD_BASE_MIB} MiB that mongod itself takes exceeds mongo:memoryMiB (${memoryMiB} MiB): it would be killed; at most ${memoryMiB - MONGOD_BASE_MIB} MiB, or at least ${cacheMiB + MONGOD_BASE_MIB} MiB of memory`,
  ),
];

const rules: readonly Rule[] = [
  cluster,
  hostPorts,
  localPorts,
  kafka,
  kafkaRetention,
  redisMemory,
  api,
  hosts,
  latencyScaling,
  consumers,
  batches,
  mongo,
  externalServers,
];

/** Every combination in the config that cannot work. */
export const checkRules = (config: StackConfig): readonly ConfigProblem[] => rules.flatMap((rule) => rule(config));
