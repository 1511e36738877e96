// Which steps run on which stack, in order, as data.
import { join } from 'node:path';

/** The stacks with an end-to-end run. */
export const STACKS = [
  'dev',
  'small',
  'stress',
  'spike',
  'events',
  'staging',
  'production',
  'aws-staging',
  'aws-production',
] as const;

/** In place of controllers that only run on AWS. */
const EMPTY_CHART = join(import.meta.dirname, 'empty-chart');

/**
 * An emulator of AWS has no nodes, volumes and load balancers, and no servers that pods could use:
 * a cluster of this machine has its own.
 */
const EMULATED = {
  'cluster:ingressClass': 'traefik',
  'cluster:storageClass': 'local-path',
  'aws:instanceType': 'm7i.large',
  'aws:experiments': 'false',
  'images:platform': 'linux/amd64',
  'queue:kind': 'kafka',
  'kafka:partitions': '12',
  'redis:managed': 'false',
  'store:kind': 'mongo',
  'charts:loadBalancerController': EMPTY_CHART,
  'charts:clusterAutoscaler': EMPTY_CHART,
};

/** Config that a run needs in addition to the stack file. */
export const EXTRA: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // Starts with an older Kafka, so that it can be upgraded.
  dev: { 'kafka:version': '4.1.1', 'backup:enabled': 'true' },
  'aws-staging': EMULATED,
  'aws-production': { ...EMULATED, 'cluster:protect': 'false' },
  // Load tests wait for an empty queue, which a busy producer prevents. Steps set the rate.
  events: { 'producer:rate': '0.008' },
};

/** Whether a stack has an AWS half: what is slow there is AWS, or an emulator of it. */
export const isOnAws = (stack: string): boolean => stack.startsWith('aws-');

export interface StepPlan {
  /** What the step shows, as printed and reported. */
  readonly title: string;
  readonly stacks: readonly (typeof STACKS)[number][];
  /** `own`: only on a k3d cluster that the run creates. @default any */
  readonly clusters?: 'any' | 'own';
}

const OWN = ['dev', 'small', 'stress', 'spike', 'events'] as const;
const EXISTING = ['staging', 'production', 'aws-staging', 'aws-production'] as const;
const KAFKA = ['dev', 'events'] as const;

/** Every step by name, in the order of a run. */
export const STEPS = {
  doctor: { title: 'the required tools are installed and recent enough', stacks: OWN, clusters: 'own' },
  preview: { title: 'a preview shows the whole stack and creates nothing', stacks: STACKS },
  up: { title: 'from nothing to a passing smoke load test', stacks: STACKS },
  again: { title: 'a second up changes nothing', stacks: STACKS },
  refresh: { title: 'refresh finds no drift', stacks: STACKS },
  network: {
    title: 'network policies admit only the traffic that the stack needs',
    stacks: ['dev', 'spike', 'staging'],
  },
  'pod-security': { title: 'Pod Security refuses privileged pods', stacks: STACKS },
  passwords: { title: 'the servers require passwords', stacks: ['dev', 'spike', 'staging'] },
  secrets: { title: 'no password appears in plain text', stacks: STACKS },
  monitoring: { title: 'every pod is scraped, logs arrive, no alert fires', stacks: STACKS },
  refused: { title: 'changes that would lose data are refused at preview', stacks: ['dev', 'staging'] },
  backup: { title: 'a backup is restored, record by record', stacks: ['dev'] },
  replicas: { title: 'the API gains two pods, then gives them up', stacks: ['dev', 'spike'] },
  agents: { title: 'an agent joins, then leaves', stacks: ['dev', 'spike'], clusters: 'own' },
  brokers: { title: 'a fourth broker receives partitions, then is drained and removed', stacks: ['dev'] },
  partitions: { title: 'the topic gains partitions', stacks: ['dev'] },
  rate: { title: 'the producer keeps its configured rate', stacks: KAFKA },
  sysctls: { title: 'kernel settings apply in pods and on nodes', stacks: ['dev', 'spike'], clusters: 'own' },
  'node-port': { title: 'the API answers on its node port', stacks: ['spike'], clusters: 'own' },
  hpa: { title: 'the autoscaler scales the API to its maximum, all pods scheduled', stacks: ['stress'] },
  aws: { title: 'a change on AWS is made, and taken back', stacks: ['aws-staging', 'aws-production'] },
  'roll-api': { title: 'the API rolls under load, nothing is refused or lost', stacks: [...OWN, 'staging'] },
  'roll-kafka': { title: 'the brokers roll under load, nothing is refused or lost', stacks: ['dev'] },
  'upgrade-kafka': { title: 'Kafka is upgraded under load, nothing is refused or lost', stacks: ['dev'] },
  'rotate-kafka': { title: "Kafka's password is rotated under load", stacks: KAFKA },
  'rotate-redis': { title: "Redis' password is rotated under load", stacks: ['dev', 'stress'] },
  'rotate-mongo': { title: "MongoDB's password is rotated under load", stacks: ['dev', 'stress'] },
  scaling: { title: 'consumers scale with the queue, and to zero when it is empty', stacks: ['events'] },
  'drain-speed': { title: 'three consumers drain the queue faster than one', stacks: ['events'] },
  'last-consumer': { title: 'the last consumer is killed mid-batch, no record is stranded', stacks: ['events'] },
  gone: { title: 'refresh notices a deleted cluster, up creates another', stacks: ['spike'], clusters: 'own' },
  destroy: { title: 'destroy leaves nothing behind', stacks: [...OWN, ...EXISTING] },
} as const satisfies Readonly<Record<string, StepPlan>>;

export type StepName = keyof typeof STEPS;
