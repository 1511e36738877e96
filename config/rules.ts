// The rules between keys: combinations of values that are each in range and cannot work together,
// each with the reason.
import { awsRule } from './aws-rules.ts';
import { capacityRules } from './capacity.ts';
import { BACKUP_PORT } from './environment.ts';
import { type ConfigProblem, problemIf } from './errors.ts';
import type { StackConfig } from './schema.ts';
import { brokerNodePorts } from './servers.ts';

/** Finds what is wrong; empty when the combination works. */
type Rule = (config: StackConfig) => readonly ConfigProblem[];

const cluster: Rule = ({ cluster: { kind, context, registry, servers }, images }) => [
  ...problemIf(
    images.cache && kind !== 'k3d',
    'images:cache',
    () => 'is used only with cluster:kind k3d: the nodes of other clusters cannot reach this machine; remove it',
  ),
  ...problemIf(
    images.cache && images.mirror !== undefined,
    'images:cache',
    () => `is used only for public registries, and images:mirror is ${images.mirror}: remove one of them`,
  ),
  ...problemIf(
    kind === 'kubeconfig' && context === undefined,
    'cluster:context',
    () =>
      'is missing: cluster:kind kubeconfig requires the name of a kubeconfig context, ' +
      'so that no other cluster is changed by mistake',
  ),
  ...problemIf(
    kind === 'k3d' && context !== undefined,
    'cluster:context',
    () => 'is used only with cluster:kind kubeconfig; remove it, or set cluster:kind kubeconfig',
  ),
  ...problemIf(
    kind === 'kubeconfig' && registry === undefined,
    'cluster:registry',
    () =>
      'is missing: cluster:kind kubeconfig requires a registry that this machine can push to ' +
      'and the cluster can pull from, such as registry.example.com/team',
  ),
  ...problemIf(
    kind === 'k3d' && registry !== undefined,
    'cluster:registry',
    () => 'is used only with cluster:kind kubeconfig, because a k3d cluster has its own registry; remove it',
  ),
  ...problemIf(
    kind === 'eks' && (context === undefined) !== (registry === undefined),
    context === undefined ? 'cluster:registry' : 'cluster:context',
    () =>
      'is set alone: on an emulator of AWS, set both cluster:context and cluster:registry; on AWS itself, neither, ' +
      'because an EKS cluster has its own',
  ),
  ...problemIf(
    servers % 2 === 0,
    'cluster:servers',
    () =>
      `is ${servers}: an even number of servers tolerates no more failures than one fewer; ` +
      `use ${servers - 1} or ${servers + 1}`,
  ),
];

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

const tolerations: Rule = ({ cluster }) =>
  Object.entries(cluster.tolerations).flatMap(([taint, text]) =>
    problemIf(
      !EFFECTS.includes(text.slice(text.indexOf(':') + 1)) || !text.includes(':'),
      'cluster:tolerations',
      () => `has ${JSON.stringify(text)} for ${taint}; allowed: value:effect or :effect, with ${EFFECTS.join(', ')}`,
    ),
  );

function isDockerConfig(text: string): boolean {
  try {
    const { auths } = JSON.parse(text) as { auths?: unknown };
    return typeof auths === 'object' && auths !== null && Object.keys(auths).length > 0;
  } catch {
    return false;
  }
}

const pullSecret: Rule = ({ images }) =>
  problemIf(
    images.pullSecret !== undefined && !isDockerConfig(images.pullSecret),
    'images:pullSecret',
    () => 'is not a Docker config with at least one registry; allowed: {"auths":{"registry.example.com":{"auth":"…"}}}',
  );

/** A key and its value. */
type Entry = readonly [key: string, value: string | number];

/** Each entry whose value an earlier one has already. */
const duplicates = (entries: readonly Entry[], message: (value: string | number, earlier: string) => string) =>
  entries.flatMap(([key, value], index) => {
    const earlier = entries.slice(0, index).find(([, other]) => other === value)?.[0] ?? '';
    return problemIf(earlier !== '', key, () => message(value, earlier));
  });

const HOST_PORTS = ['httpPort', 'nodePortHostPort', 'apiPort', 'registryPort'] as const;

const hostPorts: Rule = ({ cluster }) =>
  duplicates(
    HOST_PORTS.map((name): Entry => [`cluster:${name}`, cluster[name]]),
    (port, earlier) =>
      `is ${port}, the same as ${earlier}: one port of this machine cannot lead to both; choose another`,
  );

const LAST_NODE_PORT = 32_767;

const kafkaNodePort: Rule = (config) => {
  const { cluster, api, kafka } = config;
  const key = 'kafka:nodePort';
  const ports = brokerNodePorts(config);
  const last = ports.at(-1) ?? 0;
  const others = [
    ['api:nodePort', api.nodePort],
    ...(cluster.kind === 'k3d' ? HOST_PORTS.map((name) => [`cluster:${name}`, cluster[name]] as const) : []),
  ] as const;
  return [
    ...problemIf(
      last > LAST_NODE_PORT,
      key,
      () =>
        `is ${kafka.nodePort}, and ${kafka.brokers} brokers need as many ports up to ${LAST_NODE_PORT}; ` +
        `use at most ${LAST_NODE_PORT + 1 - kafka.brokers}`,
    ),
    ...others.flatMap(([other, port]) =>
      problemIf(
        ports.includes(port),
        key,
        () =>
          `is ${kafka.nodePort}, and broker ${port - kafka.nodePort} needs ${port}, which is ${other}; choose another`,
      ),
    ),
    ...problemIf(
      ports.length > 0 && cluster.kind === 'kubeconfig' && kafka.advertisedHost === undefined,
      'kafka:advertisedHost',
      () => 'is missing: with cluster:kind kubeconfig, kafka:nodePort requires the name of a node or load balancer',
    ),
    ...problemIf(
      kafka.nodePort > 0 && kafka.external !== undefined,
      key,
      () => 'is used only for the brokers of the stack, and kafka:external is set: remove one of them',
    ),
    ...problemIf(
      kafka.nodePort === 0 && kafka.advertisedHost !== undefined,
      'kafka:advertisedHost',
      () => 'is used only with kafka:nodePort; set it, or remove this',
    ),
  ];
};

const localPorts: Rule = (config) => {
  const ports = (['api', 'redis', 'mongo', 'gate', 'console'] as const).map(
    (server) => [`${server}:port`, config[server].port] as const,
  );
  const { port: first, brokers } = config.kafka;
  return [
    ...duplicates(ports, (port, earlier) => `is ${port}, the same as ${earlier}; give each its own port`),
    ...ports.flatMap(([key, port]) => {
      const broker = port - first;
      return problemIf(
        config.queue.kind === 'kafka' && broker >= 0 && broker < brokers,
        key,
        () =>
          `is ${port}, which broker ${broker} uses in the local run (kafka:port + ${broker}); ` +
          `choose a port outside ${first}..${first + brokers - 1}`,
      );
    }),
  ];
};

const hosts: Rule = ({ api, console, monitoring, sso, queue, kafka }) =>
  duplicates(
    [
      ...(api.exposure === 'ingress' ? [['api:host', api.host] as const] : []),
      ...(console.enabled ? [['console:host', console.host] as const] : []),
      ...(monitoring.enabled ? [['monitoring:host', monitoring.host] as const] : []),
      ...(sso.issuer !== undefined && queue.kind === 'kafka' && kafka.ui
        ? [['kafka:uiHost', kafka.uiHost] as const]
        : []),
    ],
    (host, earlier) => `is ${host}, the same as ${earlier}: the ingress tells them apart by name; choose another`,
  );

const sso: Rule = ({ sso: { issuer, clientId, clientSecret } }) =>
  Object.entries({ clientId, clientSecret }).flatMap(([name, value]) => [
    ...problemIf(
      issuer !== undefined && value === undefined,
      `sso:${name}`,
      () => 'is missing: sso:issuer requires the client that is registered there',
    ),
    ...problemIf(
      issuer === undefined && value !== undefined,
      `sso:${name}`,
      () => 'is used only with sso:issuer; remove it, or set sso:issuer',
    ),
  ]);

const kafka: Rule = ({ kafka: { brokers, replicationFactor, minInsyncReplicas } }) => [
  ...problemIf(
    brokers === 2,
    'kafka:brokers',
    () =>
      'is 2: the first brokers are also the controllers, and two controllers have no majority when one fails; ' +
      'use 1, or at least 3',
  ),
  ...problemIf(
    replicationFactor > brokers,
    'kafka:replicationFactor',
    () =>
      `is ${replicationFactor}, more than kafka:brokers (${brokers}): each replica needs its own broker; ` +
      `allowed: 1 to ${brokers}`,
  ),
  ...problemIf(
    minInsyncReplicas > replicationFactor,
    'kafka:minInsyncReplicas',
    () =>
      `is ${minInsyncReplicas}, more than kafka:replicationFactor (${replicationFactor}): ` +
      `no write would ever be acknowledged; allowed: 1 to ${replicationFactor}`,
  ),
];

/** The region in the URL of a queue of AWS. */
export const sqsRegion = ({ queueUrl = '', region }: StackConfig['sqs']): string | undefined =>
  region ?? /^https:\/\/sqs\.([a-z0-9-]+)\./.exec(queueUrl)?.[1];

const sqs: Rule = ({ queue: { kind }, sqs: address }) => [
  ...problemIf(
    kind === 'sqs' && address.queueUrl === undefined,
    'sqs:queueUrl',
    () => 'is missing: queue:kind sqs requires the URL of a queue',
  ),
  ...problemIf(
    kind === 'sqs' && address.queueUrl !== undefined && sqsRegion(address) === undefined,
    'sqs:region',
    () => 'is missing: sqs:queueUrl does not name the region, which signs every request',
  ),
];

const api: Rule = ({ api: { stickySessions, exposure }, hpa, monitoring }) => [
  ...problemIf(
    stickySessions && exposure !== 'ingress',
    'api:stickySessions',
    () => 'is true, but only an ingress can keep a client on one pod; set api:exposure ingress, or turn it off',
  ),
  ...problemIf(
    hpa.enabled && hpa.minReplicas > hpa.maxReplicas,
    'hpa:minReplicas',
    () => `is ${hpa.minReplicas}, more than hpa:maxReplicas (${hpa.maxReplicas}); allowed: 1 to ${hpa.maxReplicas}`,
  ),
  ...problemIf(
    hpa.enabled && hpa.metric !== 'cpu' && !monitoring.enabled,
    'hpa:metric',
    () =>
      `is ${hpa.metric}: Prometheus measures latency, but monitoring:enabled is false; turn the monitoring on, or use cpu`,
  ),
];

const consumers: Rule = ({ queue, kafka: { partitions }, consumer: { replicas, minReplicas, maxReplicas } }) => {
  const idle = (count: number) =>
    `is ${count}, more than kafka:partitions (${partitions}): only one consumer of the group reads a partition, ` +
    `so the others would be idle; use at most ${partitions}, or more partitions`;
  const isKafka = queue.kind === 'kafka';
  return [
    ...problemIf(
      minReplicas > maxReplicas,
      'consumer:minReplicas',
      () => `is ${minReplicas}, more than consumer:maxReplicas (${maxReplicas}); allowed: 0 to ${maxReplicas}`,
    ),
    ...problemIf(isKafka && maxReplicas > partitions, 'consumer:maxReplicas', () => idle(maxReplicas)),
    ...problemIf(isKafka && replicas > partitions, 'consumer:replicas', () => idle(replicas)),
  ];
};

/** Keys of a store are for that kind only, and say where it is. */
const store: Rule = ({ store: { kind }, mongo, mysql, dynamodb }) => {
  const { tls: _, ...mysqlKeys } = mysql;
  const { table: __, ...dynamodbKeys } = dynamodb;
  const keysOf = (server: typeof kind, keys: object) =>
    kind === server ? [] : Object.entries(keys).map(([name, value]) => [server, name, value] as const);
  const unused = [
    ...keysOf('mongo', { external: mongo.external }),
    ...keysOf('mysql', mysqlKeys),
    ...keysOf('dynamodb', dynamodbKeys),
  ];
  return [
    ...unused.flatMap(([server, name, value]) =>
      problemIf(
        value !== undefined,
        `${server}:${name}`,
        () => `is used only with store:kind ${server}; remove it, or set store:kind ${server}`,
      ),
    ),
    ...problemIf(
      kind === 'mysql' && mysql.external === undefined,
      'mysql:external',
      () =>
        'is missing: store:kind mysql requires the address of a MySQL, such as mysql://db.example.com:3306/breakwater',
    ),
    ...problemIf(
      kind === 'dynamodb' && dynamodb.region === undefined,
      'dynamodb:region',
      () => 'is missing: store:kind dynamodb requires the AWS region of the table, such as eu-west-1',
    ),
  ];
};

/** Credentials are for external servers only: the stack generates those of its own servers. */
const unusedCredentials: Rule = (config) =>
  (['kafka', 'redis', 'mongo'] as const).flatMap((server) => {
    const { external, username, password } = { username: undefined, ...config[server] };
    return Object.entries({ username, password }).flatMap(([name, value]) =>
      problemIf(
        external === undefined && value !== undefined,
        `${server}:${name}`,
        () =>
          `is used only with ${server}:external, because the stack generates the credentials of its own servers; ` +
          `remove it, or set ${server}:external`,
      ),
    );
  });

const unusedReplicas: Rule = ({ queue, redis: { external, waitReplicas } }) =>
  problemIf(
    waitReplicas > 0 && (external === undefined || queue.kind !== 'redis-streams'),
    'redis:waitReplicas',
    () =>
      'is used only with redis:external and queue:kind redis-streams, because the Redis of the stack has no replicas; ' +
      'remove it, or set both',
  );

const backup: Rule = ({ backup: { enabled }, store, mongo: { external }, gate: { port } }) => [
  ...problemIf(
    enabled && (external !== undefined || store.kind !== 'mongo'),
    'backup:enabled',
    () =>
      'is true, but only the MongoDB of the stack is backed up; remove it, and back up an external store where it runs',
  ),
  ...problemIf(
    enabled && port === BACKUP_PORT,
    'gate:port',
    () => `is ${port}, which the gate uses for backups (backup:enabled); choose another`,
  ),
];

const halfCredentials: Rule = (config) =>
  (['kafka', 'mongo', 'mysql'] as const).flatMap((server) => {
    const { external, username, password } = config[server];
    const [missing, given] = username === undefined ? ['username', 'password'] : ['password', 'username'];
    return problemIf(
      external !== undefined && (username === undefined) !== (password === undefined),
      `${server}:${missing}`,
      () => `is missing: ${server}:${given} is set, and each requires the other`,
    );
  });

const rules: readonly Rule[] = [
  cluster,
  awsRule,
  tolerations,
  pullSecret,
  hostPorts,
  kafkaNodePort,
  localPorts,
  hosts,
  sso,
  kafka,
  sqs,
  api,
  consumers,
  ...capacityRules,
  store,
  unusedCredentials,
  unusedReplicas,
  backup,
  halfCredentials,
];

/** Every combination in the config that cannot work. */
export const checkRules = (config: StackConfig): readonly ConfigProblem[] => rules.flatMap((rule) => rule(config));
