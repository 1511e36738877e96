// The stack, from its config: read it top to bottom like the diagram in the README. Every part is a component of its own.
import * as pulumi from '@pulumi/pulumi';
import { Api } from './components/apps/api.ts';
import { Console, consoleTargetsOf } from './components/apps/console.ts';
import { Consumer } from './components/apps/consumer.ts';
import { Gate } from './components/apps/gate.ts';
import { Producer } from './components/apps/producer.ts';
import { ApiScaler } from './components/autoscaling/api-scaler.ts';
import { ConsumerScaler } from './components/autoscaling/consumer-scaler.ts';
import { Keda } from './components/autoscaling/keda.ts';
import { Cluster } from './components/cluster/cluster.ts';
import { requireReady } from './components/cluster/observe.ts';
import { podSecurityLevel, podSysctls } from './components/cluster/sysctls.ts';
import { Guard } from './components/guard/guard.ts';
import { AppImages, appsOf } from './components/images/app-images.ts';
import { Credentials, credentialsOf } from './components/kubernetes/credentials.ts';
import { Namespaces } from './components/kubernetes/namespaces.ts';
import { Monitoring, prometheusUrlOf } from './components/monitoring/monitoring.ts';
import { addressesOf } from './components/network/addresses.ts';
import { NetworkPolicies } from './components/network/network-policies.ts';
import { Kafka } from './components/servers/kafka/kafka.ts';
import { KafkaUi } from './components/servers/kafka/kafka-ui.ts';
import { TopicsJob } from './components/servers/kafka/topics-job.ts';
import { Mongo } from './components/servers/mongo/mongo.ts';
import { Redis } from './components/servers/redis/redis.ts';
import { readConfig } from './components/stack/config.ts';
import { commandsOf, entranceOf } from './components/stack/outputs.ts';
import { plainly } from './components/stack/report-config-errors.ts';
import {
  apiEnvironment,
  consoleEnvironment,
  consumerEnvironment,
  producerEnvironment,
  topicsEnvironment,
} from './config/environment.ts';
import { liveProblems } from './monitoring/problems/problems.ts';

const config = plainly(readConfig);
const stack = pulumi.getStack();
const usesKafka = config.queue.kind === 'kafka';

// All that is in the way on this machine, before anything is created.
plainly(() => requireReady(stack, config.cluster));

// Where it runs. What is in a cluster of ours goes with it, so that a destroy need not take it down piece by piece.
const cluster = new Cluster('cluster', {
  stack,
  config: config.cluster,
  images: config.images,
  nodePort: config.api.nodePort,
});
const inside = { provider: cluster.provider, deletedWith: cluster.resource };

// Changes that would lose data are refused at preview; nothing in the cluster changes before the guard has agreed.
const guard = new Guard('guard', { config, kubeconfig: cluster.kubeconfigPath, context: cluster.context });
const namespaces = new Namespaces(
  'namespaces',
  { name: config.cluster.namespace, apiLevel: podSecurityLevel(config.cluster.sysctls) },
  { ...inside, dependsOn: guard },
);
const network = new NetworkPolicies('network', { config, namespaces }, { ...inside, dependsOn: namespaces });
const placed = { ...inside, dependsOn: network };
const { main: namespace, api: apiNamespace } = namespaces;

const images = new AppImages('images', {
  registry: cluster.registry,
  registryInstance: cluster.identity,
  apps: appsOf(config),
  config: config.images,
});

// The servers, each in the cluster or an external one, whose credentials alone are kept here.
const { storageNodes } = cluster;
const addresses = addressesOf(config, config.cluster.namespace);
const credentials = credentialsOf(config);
const login = (server: keyof typeof credentials) =>
  new Credentials(server, { ...credentials[server], namespace, apiNamespace }, placed);

const redisLogin = login('redis');
const redis =
  config.redis.external === undefined &&
  new Redis('redis', { namespace, config, credentials: redisLogin, storageNodes }, placed);

const mongoLogin = login('mongo');
const mongo =
  config.mongo.external === undefined &&
  new Mongo('mongo', { namespace, config, credentials: mongoLogin, storageNodes }, placed);
const gate =
  mongo &&
  new Gate('gate', { namespace, image: images.of('gate'), config, addresses }, { ...inside, dependsOn: mongo });

const kafkaLogin = usesKafka ? login('kafka') : undefined;
const kafka =
  kafkaLogin &&
  config.kafka.external === undefined &&
  new Kafka(
    'kafka',
    {
      namespace,
      config,
      credentials: kafkaLogin,
      topicsImage: images.of('topics'),
      agentImage: images.of('kafka-agent'),
      storageNodes,
    },
    placed,
  );
const topics =
  kafkaLogin &&
  new TopicsJob(
    'topics',
    {
      namespace,
      image: images.of('topics'),
      environment: topicsEnvironment(config, addresses, kafka ? config.kafka.brokers : undefined),
      login: kafkaLogin.files('main', 'KAFKA'),
    },
    { ...inside, dependsOn: kafka ? [network, kafka] : [network] },
  );
if (kafkaLogin && config.kafka.ui)
  new KafkaUi(
    'kafka-ui',
    { namespace, config, addresses, login: kafkaLogin.files('main', 'KAFKA') },
    { ...inside, dependsOn: topics },
  );

// The apps. Servers come first, so that after a rotation they know the new password before anybody uses it.
const secretsIn = (place: 'main' | 'api', uses: 'queue' | 'queue and store') => [
  ...redisLogin.files(place, 'REDIS'),
  ...(kafkaLogin?.files(place, 'KAFKA') ?? []),
  ...(uses === 'queue' ? [] : mongoLogin.files(place, 'MONGO')),
];
const served = {
  ...inside,
  dependsOn: [network, redis, gate, topics].filter((part) => part !== false && part !== undefined),
};

const api = new Api(
  'api',
  {
    namespace: apiNamespace,
    image: images.of('api'),
    environment: apiEnvironment(config, addresses),
    secretFiles: secretsIn('api', 'queue and store'),
    config,
    sysctls: podSysctls(config.cluster.sysctls),
  },
  served,
);
const consumer = new Consumer(
  'consumer',
  {
    namespace,
    image: images.of('consumer'),
    environment: consumerEnvironment(config, addresses),
    secretFiles: secretsIn('main', 'queue and store'),
    config,
  },
  served,
);
if (config.producer.rate > 0)
  new Producer(
    'producer',
    {
      namespace,
      image: images.of('producer'),
      environment: producerEnvironment(config, addresses),
      secretFiles: secretsIn('main', 'queue'),
    },
    served,
  );

// The live page.
const page =
  config.console.enabled &&
  new Console(
    'console',
    {
      namespace,
      image: images.of('console'),
      environment: consoleEnvironment(config, {
        stack,
        targets: consoleTargetsOf(config),
        problems: liveProblems(config),
      }),
      config,
    },
    placed,
  );

// What it all does, as dashboards, alerts and logs.
const monitoring =
  config.monitoring.enabled &&
  new Monitoring(
    'monitoring',
    {
      config,
      namespace,
      logins: {
        ...(redis && { redis: redisLogin }),
        ...(mongo && { mongo: mongoLogin }),
      },
      storageNodes,
    },
    placed,
  );

// How many of them run follows the load.
const keda = config.keda.install && new Keda('keda', { watch: [namespace, apiNamespace], config }, inside);
new ConsumerScaler(
  'consumer-scaler',
  {
    namespace,
    deployment: consumer.workload.deployment.metadata.name,
    config,
    addresses,
    login: (kafkaLogin ?? redisLogin).files('main', usesKafka ? 'KAFKA' : 'REDIS'),
  },
  { ...inside, dependsOn: keda ? [keda] : [] },
);
if (config.hpa.enabled)
  new ApiScaler(
    'api-scaler',
    {
      namespace: apiNamespace,
      deployment: api.workload.deployment.metadata.name,
      config,
      prometheus: prometheusUrlOf(config.cluster.namespace),
    },
    { ...inside, dependsOn: [keda, monitoring].filter((part) => part !== false) },
  );

const { kubeconfigPath, context } = cluster;

/** What comes next: addresses, and the commands to look inside and to put load on it. */
export = {
  ...entranceOf(config),
  kubeconfigPath,
  context,
  namespace,
  ...(page && { consoleUrl: page.url, consolePassword: page.password }),
  ...(monitoring && { grafanaUrl: monitoring.grafanaUrl, grafanaPassword: monitoring.grafanaPassword }),
  commands: pulumi
    .all([kubeconfigPath, context, namespace])
    .apply(([kubeconfig, name, main]) => commandsOf(config, { stack, kubeconfig, context: name, namespace: main })),
};
