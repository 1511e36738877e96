// What a change of the config of the stack on AWS does.
import type { Changes } from './change.ts';

const eks = {
  'cluster:kind': 'eks',
  'cluster:ingressClass': 'alb',
  'aws:region': 'us-east-1',
  'images:platform': 'linux/arm64',
};

const LOG_GROUPS = ['application', 'dataplane', 'eks', 'host', 'performance'].map((name) => `LogGroup ${name}`);
const NODE_GROUPS = ['Nodegroup eks-a', 'Nodegroup eks-b', 'Nodegroup eks-c'];

export const awsChanges: Changes = {
  'aws:region': { on: eks, to: 'us-west-2', refused: true },
  'aws:zones': { on: eks, to: 'a,b,d', refused: true },
  'aws:cidr': { on: eks, to: '10.50.0.0/16', refused: true },
  'aws:natPerZone': {
    on: eks,
    to: true,
    changes: ['Route vpc-b', 'Route vpc-c'],
    creates: ['Eip vpc-b', 'Eip vpc-c', 'NatGateway vpc-b', 'NatGateway vpc-c'],
  },
  'aws:kubernetesVersion': { on: eks, to: '1.35', changes: ['Cluster eks', ...NODE_GROUPS] },
  'aws:privateApi': {
    on: eks,
    to: true,
    changes: ['Cluster eks'],
    creates: ['SecurityGroupIngress eks-api-10.40.0.0/16'],
  },
  'aws:apiCidrs': { on: eks, to: '198.51.100.7/32', changes: ['Cluster eks'] },
  'aws:admins': {
    on: eks,
    to: 'arn:aws:iam::123456789012:role/admin',
    creates: ['AccessEntry eks-admin-123456789012:role/admin'],
  },
  'aws:instanceType': { on: eks, to: 'm7g.xlarge', changes: NODE_GROUPS },
  'aws:minNodesPerZone': { on: eks, to: 2, changes: NODE_GROUPS },
  'aws:maxNodesPerZone': { on: eks, to: 4, changes: NODE_GROUPS },
  'aws:experiments': {
    on: eks,
    to: true,
    creates: ['ExperimentTemplate experiments-node', 'ExperimentTemplate experiments-zone', 'Role experiments'],
  },
  'aws:alarmTopic': {
    on: eks,
    to: 'arn:aws:sns:us-east-1:123456789012:ops',
    changes: ['ApiMissing', 'DeadLetters', 'LatencyHigh', 'LoadBalancerErrors', 'NodeDiskFilling'].map(
      (id) => `Alarm ${id}`,
    ),
  },
  'aws:certificate': {
    on: eks,
    to: 'arn:aws:acm:us-east-1:123456789012:certificate/0a',
    rolls: ['grafana'],
    changes: ['Ingress api', 'Ingress console', 'Ingress grafana'],
  },
  'aws:logDays': { on: eks, to: 90, changes: LOG_GROUPS },
  'redis:managed': {
    on: eks,
    to: true,
    needsEmptyQueue: true,
    rolls: ['api', 'consumer'],
    changes: ['Dashboard watch', 'NetworkPolicy api', 'NetworkPolicy consumer'],
    creates: [
      'Alarm RedisEvicting-1',
      'Alarm RedisEvicting-2',
      'ParameterGroup cache',
      'RandomPassword cache-password',
      'ReplicationGroup cache',
      'SecurityGroup cache',
      'SubnetGroup cache',
    ],
    deletes: [
      'Deployment redis-exporter',
      'NetworkPolicy redis',
      'NetworkPolicy redis-exporter',
      'RandomPassword redis-password-v1',
      'Service redis',
      'StatefulSet redis',
    ],
  },
  'kafka:managed': {
    on: eks,
    to: true,
    needsEmptyQueue: true,
    rolls: ['api', 'consumer', 'grafana', 'kafka-ui', 'prometheus'],
    runs: ['topics'],
    changes: [
      'Dashboard watch',
      'NetworkPolicy api',
      'NetworkPolicy consumer',
      'NetworkPolicy kafka-ui',
      'NetworkPolicy topics',
      'ScaledObject consumer',
    ],
    creates: [
      'Alarm KafkaPartitionsOffline',
      'Alarm LagGrowing',
      'Alarm VolumeFilling-1',
      'Alarm VolumeFilling-2',
      'Alarm VolumeFilling-3',
      'BatchScramSecret brokers',
      'Bootstrap brokers-bootstrap',
      'Cluster brokers',
      'Configuration brokers',
      'LogGroup brokers',
      'RandomPassword brokers-password',
      'Secret brokers',
      'SecurityGroup brokers',
    ],
    deletes: [
      'Image images-kafka-agent',
      'Job kafka-empty',
      'NetworkPolicy kafka',
      'PodDisruptionBudget kafka',
      'RandomPassword kafka-password-v1',
      'Repository ecr-kafka-agent',
      'Service kafka',
      'Service kafka-brokers',
      'StatefulSet kafka',
    ],
  },
  'aws:cacheNodeType': {
    on: { ...eks, 'redis:managed': true },
    to: 'cache.m7g.large',
    changes: ['ReplicationGroup cache'],
  },
  'aws:cacheReplicas': {
    on: { ...eks, 'redis:managed': true },
    to: 2,
    changes: ['Dashboard watch', 'ReplicationGroup cache'],
    creates: ['Alarm RedisEvicting-3'],
  },
  'aws:databaseType': {
    on: { ...eks, 'store:kind': 'mysql' },
    to: 'db.r7g.xlarge',
    changes: ['DbInstance database-0', 'DbInstance database-1'],
  },
  'aws:databaseReaders': { on: { ...eks, 'store:kind': 'mysql' }, to: 2, creates: ['DbInstance database-2'] },
  'aws:brokerType': { on: { ...eks, 'kafka:managed': true }, to: 'kafka.m7g.xlarge', changes: ['Cluster brokers'] },
  'aws:tableUnits': { on: { ...eks, 'store:kind': 'dynamodb' }, to: 4000, changes: ['Table table'] },
  'charts:loadBalancerController': {
    on: eks,
    to: 'oci://mirror.example/charts/lbc',
    changes: ['Release aws-load-balancer-controller'],
  },
  'charts:clusterAutoscaler': {
    on: eks,
    to: 'oci://mirror.example/charts/ca',
    changes: ['Release cluster-autoscaler'],
  },
};
