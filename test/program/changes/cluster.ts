// The effects of a change: the cluster, the images and what all components share.
import { type Changes, producing } from './change.ts';

const existing = { 'cluster:kind': 'kubeconfig', 'cluster:context': 'mine', 'cluster:registry': 'registry.example' };
/** The images of the apps. */
const OWN_IMAGES = [
  'Image images-api',
  'Image images-console',
  'Image images-consumer',
  'Image images-gate',
  'Image images-kafka-agent',
  'Image images-producer',
  'Image images-topics',
];
/** The pods that run them. */
const OWN_PODS = ['api', 'console', 'consumer', 'gate', 'kafka', 'producer'];
/** The pods that run official images only. */
const THEIR_PODS = [
  'alertmanager',
  'alloy',
  'grafana',
  'kafka-ui',
  'loki',
  'mongo',
  'mongo-exporter',
  'prometheus',
  'redis',
  'redis-exporter',
];

/** What a change of every pod rolls, runs and changes. */
const EVERY_POD = {
  rolls: [...OWN_PODS, ...THEIR_PODS].sort(),
  runs: ['kafka-empty', 'topics'],
  changes: ['Release keda'],
};

export const clusterChanges: Changes = {
  'cluster:kind': {
    to: 'kubeconfig',
    with: { 'cluster:context': 'other', 'cluster:registry': 'registry.example' },
    replaces: ['everything in the cluster'],
  },
  'cluster:context': { on: existing, to: 'other', replaces: ['everything in the cluster'] },
  'cluster:servers': { to: 3, replaces: ['K3dCluster cluster', 'everything in the cluster'] },
  'cluster:agents': { to: 4, changes: ['K3dCluster cluster'] },
  'cluster:hostAddress': { to: '0.0.0.0', changes: ['K3dCluster cluster'] },
  'cluster:httpPort': { to: 8888, rolls: ['grafana'], changes: ['K3dCluster cluster'] },
  'cluster:nodePortHostPort': { to: 8001, changes: ['K3dCluster cluster'] },
  'cluster:apiPort': { to: 6551, replaces: ['K3dCluster cluster', 'everything in the cluster'] },
  'cluster:registryPort': { to: 5051, replaces: ['K3dCluster cluster', 'everything in the cluster'] },
  'cluster:registry': {
    on: { ...producing, ...existing },
    to: 'other.example',
    rolls: OWN_PODS,
    runs: ['kafka-empty', 'topics'],
    changes: OWN_IMAGES,
  },
  'cluster:namespace': { to: 'other', refused: true },
  'cluster:storageClass': { to: 'fast', refused: true },
  'cluster:ingressClass': { to: 'nginx', changes: ['Ingress api', 'Ingress console', 'Ingress grafana'] },
  'cluster:priorityClass': { on: producing, to: 'business', ...EVERY_POD },
  'cluster:nodeSelector': { on: producing, to: { pool: 'breakwater' }, ...EVERY_POD },
  'cluster:nodeAffinity': { on: producing, to: { zone: 'a,b' }, ...EVERY_POD },
  'cluster:tolerations': { on: producing, to: { dedicated: ':NoSchedule' }, ...EVERY_POD },
  'cluster:protect': {
    to: true,
    changes: ['K3dCluster cluster', 'StatefulSet kafka', 'StatefulSet mongo', 'StatefulSet redis'],
  },
  'cluster:sysctls': [
    { to: { 'net.ipv4.tcp_syncookies': '1' }, rolls: ['api'], creates: ['NodeSysctls cluster-nodes'] },
    {
      to: { 'net.core.somaxconn': '65535' },
      rolls: ['api'],
      changes: ['Namespace breakwater-api'],
      creates: ['NodeSysctls cluster-nodes'],
    },
  ],
  'cluster:applyHostSysctls': {
    on: { 'cluster:sysctls': { 'fs.file-max': '1000000' } },
    to: true,
    creates: ['HostSysctls cluster-host'],
  },
  'keda:watchAll': { to: true, changes: ['Release keda'] },
  'keda:install': { to: false, deletes: ['Namespace keda', 'Release keda'] },
  'logging:level': { on: producing, to: 'debug', rolls: ['api', 'console', 'consumer', 'gate', 'producer'] },
  'images:mirror': {
    on: producing,
    to: 'mirror.example/hub',
    rolls: [...OWN_PODS, ...THEIR_PODS].sort(),
    runs: ['kafka-empty', 'topics'],
    changes: [...OWN_IMAGES, 'Release keda'],
  },
  'images:cache': { to: true },
  'images:digests': {
    on: producing,
    to: false,
    rolls: [...OWN_PODS, ...THEIR_PODS].sort(),
    runs: ['kafka-empty', 'topics'],
    changes: OWN_IMAGES,
  },
  // A new login changes the Secrets only, which are not compared.
  'images:pullSecret': { on: producing, to: '{"auths":{"a.example":{}}}', ...EVERY_POD },
  'images:platform': {
    on: { ...producing, 'images:platform': 'linux/amd64' },
    to: 'linux/arm64',
    rolls: OWN_PODS,
    runs: ['kafka-empty', 'topics'],
    changes: OWN_IMAGES,
  },
  'charts:keda': { to: 'oci://mirror.example/charts/keda', changes: ['Release keda'] },
};
