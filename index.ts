// The stack, from its config. It reads top to bottom like the diagram in the README: each part is a
// component of its own, and this file says which parts there are and what waits for what.
import * as pulumi from '@pulumi/pulumi';
import { Api, minPodsOf } from './components/apps/api.ts';
import { App } from './components/apps/app.ts';
import { Console } from './components/apps/console.ts';
import { Keda } from './components/autoscaling/keda.ts';
import { ApiScaler, ConsumerScaler } from './components/autoscaling/scalers.ts';
import { Cluster } from './components/cluster/cluster.ts';
import { TraefikSettings } from './components/cluster/resources.ts';
import { podSecurityLevel } from './components/cluster/sysctls.ts';
import { traefikReplicas } from './components/cluster/traefik.ts';
import { Guard } from './components/guard/guard.ts';
import { AppImages, appsOf } from './components/images/app-images.ts';
import { createLogins, loginFiles } from './components/kubernetes/credentials.ts';
import { Namespaces } from './components/kubernetes/namespaces.ts';
import { Monitoring, prometheusUrlOf } from './components/monitoring/monitoring.ts';
import { addressesOf, apiUrlOf } from './components/network/addresses.ts';
import { NetworkPolicies } from './components/network/network-policies.ts';
import { Kafka } from './components/servers/kafka/kafka.ts';
import { KafkaUi } from './components/servers/kafka/kafka-ui.ts';
import { TopicsJob } from './components/servers/kafka/topics-job.ts';
import { Backup } from './components/servers/mongo/backup.ts';
import { Mongo } from './components/servers/mongo/mongo.ts';
import { Redis } from './components/servers/redis/redis.ts';
import { readConfig } from './components/stack/config.ts';
import { outputsOf } from './components/stack/outputs.ts';
import { partsOf } from './components/stack/parts.ts';
import { reportConfigErrors } from './components/stack/report-config-errors.ts';
import { topicsEnvironment } from './config/environment.ts';

const stack = pulumi.getStack();
const config = reportConfigErrors(readConfig);
const parts = partsOf(config);

// The cluster. If it is ours, deleting it deletes everything in it, so that a destroy is quick.
const cluster = new Cluster('cluster', { stack, config });
const inside = { provider: cluster.provider, deletedWith: cluster.resource };
const after = (...needed: readonly (pulumi.Resource | false | undefined)[]) => ({
  ...inside,
  dependsOn: needed.filter((resource) => !!resource),
});

// Nothing in the cluster changes before the guard agrees. No pod starts before its network policy.
const guard = new Guard('guard', { config, kubeconfig: cluster.kubeconfigPath, context: cluster.context });
const namespaces = new Namespaces(
  'namespaces',
  { name: config.cluster.namespace, apiLevel: podSecurityLevel(config.cluster.sysctls), config },
  after(guard),
);
const network = new NetworkPolicies('network', { config, namespaces }, after(namespaces));

if (cluster.resource && config.api.exposure === 'ingress')
  new TraefikSettings(
    'traefik',
    {
      kubeconfig: cluster.kubeconfigPath,
      context: cluster.context,
      identity: cluster.identity,
      replicas: traefikReplicas(minPodsOf(config), config.cluster.servers + config.cluster.agents),
    },
    { deletedWith: cluster.resource },
  );

const images = new AppImages('images', {
  registry: cluster.registry,
  registryInstance: cluster.identity,
  apps: appsOf(config),
  config: config.images,
});

// Servers. The stack keeps the credentials of an external server too.
const addresses = cluster.managedAddresses.apply((managed) => ({ ...addressesOf(config), ...managed }));
const logins = createLogins(config, namespaces, after(network), cluster.managedLogins);
const place = { namespace: namespaces.main, config, storageNodes: cluster.storageNodes };
const app = { namespace: namespaces.main, config, images, addresses, logins };

const redis = parts.has('redis') && new Redis('redis', { ...place, credentials: logins.redis }, after(network));
const mongo =
  parts.has('mongo') && logins.mongo && new Mongo('mongo', { ...place, credentials: logins.mongo }, after(network));
const gate = mongo && new App('gate', app, after(mongo));
if (parts.has('backup') && logins.mongo)
  new Backup('backup', { ...place, credentials: logins.mongo }, after(network, gate));
const kafka =
  parts.has('kafka') &&
  logins.kafka &&
  new Kafka('kafka', { ...place, credentials: logins.kafka, images }, after(network));

const kafkaLogin = loginFiles(logins, 'main', ['kafka']);
const topics =
  parts.has('topics') &&
  new TopicsJob(
    'topics',
    {
      config,
      namespace: namespaces.main,
      image: images.of('topics'),
      environment: addresses.apply((known) =>
        topicsEnvironment(config, known, kafka ? config.kafka.brokers : undefined),
      ),
      login: kafkaLogin,
    },
    after(network, kafka),
  );
if (parts.has('kafka-ui')) new KafkaUi('kafka-ui', { ...app, login: kafkaLogin }, after(topics));

// Apps. They roll after the servers, which then accept a rotated password.
const served = after(network, redis, gate, topics);
const api = new Api('api', { ...app, namespace: namespaces.api }, served);
const consumer = new App('consumer', app, served);
if (parts.has('producer')) new App('producer', app, served);

// What users look at: the live page, dashboards, alerts and logs.
const page = parts.has('console') && new Console('console', app, after(network));
const monitoring =
  config.monitoring.enabled &&
  new Monitoring(
    'monitoring',
    {
      ...place,
      logins: { ...(redis && { redis: logins.redis }), ...(mongo && logins.mongo && { mongo: logins.mongo }) },
    },
    after(network),
  );

// Autoscaling.
const queueLogin = { kafka: ['kafka'], 'redis-streams': ['redis'], sqs: [] } as const;
const keda = config.keda.install && new Keda('keda', { watch: [namespaces.main, namespaces.api], config }, inside);
new ConsumerScaler(
  'consumer-scaler',
  {
    namespace: namespaces.main,
    deployment: consumer.deployment,
    config,
    addresses,
    api: apiUrlOf(config),
    login: loginFiles(logins, 'main', queueLogin[config.queue.kind]),
  },
  after(keda),
);
if (config.hpa.enabled)
  new ApiScaler(
    'api-scaler',
    {
      namespace: namespaces.api,
      deployment: api.deployment,
      config,
      prometheus: prometheusUrlOf(config.cluster.namespace),
    },
    after(keda, monitoring),
  );

export = outputsOf({ config, cluster, namespaces, console: page, monitoring, kafka: logins.kafka });
