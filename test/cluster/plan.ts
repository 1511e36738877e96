// What is tested on which stack: the steps in their order, as data.

/** Stacks that have an end-to-end run. */
export const STACKS = ['dev', 'stress', 'spike', 'events', 'staging', 'production'] as const;

/** Config that a run needs besides that of the stack file. */
export const EXTRA: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // It begins with an older Kafka, for the upgrade.
  dev: { 'kafka:version': '4.1.1' },
  // A load test waits until the queue is empty, which it never is while the producer fills it. The steps set the rate.
  events: { 'producer:rate': '0.008' },
};

export interface StepPlan {
  /** What the step shows, as it is printed and reported. */
  readonly title: string;
  readonly stacks: readonly (typeof STACKS)[number][];
  /** `own`: only on a k3d cluster that this run makes. @default any */
  readonly clusters?: 'any' | 'own';
}

const OWN = ['dev', 'stress', 'spike', 'events'] as const;
const EXISTING = ['staging', 'production'] as const;
const KAFKA = ['dev', 'events'] as const;

/** Every step by its name, in the order in which they run. */
export const STEPS = {
  doctor: { title: 'the tools are there and new enough', stacks: OWN, clusters: 'own' },
  preview: { title: 'a preview shows the whole stack and makes nothing', stacks: STACKS },
  up: { title: 'from nothing to a passing smoke load test', stacks: STACKS },
  again: { title: 'up again changes nothing', stacks: STACKS },
  refresh: { title: 'refresh finds nothing changed', stacks: STACKS },
  network: { title: 'network policies let nobody in but those who must', stacks: ['dev', 'spike', 'staging'] },
  'pod-security': { title: 'Pod Security refuses what it must', stacks: STACKS },
  passwords: { title: 'the servers ask for passwords', stacks: ['dev', 'spike', 'staging'] },
  secrets: { title: 'no secret is in clear anywhere', stacks: STACKS },
  monitoring: { title: 'everything is watched, every log arrives, no alert fires', stacks: STACKS },
  refused: { title: 'changes that would lose data are refused at preview', stacks: ['dev', 'staging'] },
  replicas: { title: 'more API pods, then as many as before', stacks: ['dev', 'spike'] },
  agents: { title: 'an agent more, then one fewer', stacks: ['dev', 'spike'], clusters: 'own' },
  brokers: { title: 'a fourth broker gets partitions, then leaves without them', stacks: ['dev'] },
  partitions: { title: 'the topic grows', stacks: ['dev'] },
  rate: { title: 'the producer keeps the rate of the config', stacks: KAFKA },
  sysctls: { title: 'kernel settings are in the pods and on the nodes', stacks: ['dev', 'spike'], clusters: 'own' },
  'node-port': { title: 'the API answers on its node port', stacks: ['spike'], clusters: 'own' },
  hpa: { title: 'the autoscaler brings the API to its most pods, all scheduled', stacks: ['stress'] },
  'roll-api': { title: 'the API rolls under load, nothing is refused or lost', stacks: [...OWN, 'staging'] },
  'roll-kafka': { title: 'the brokers roll under load, nothing is refused or lost', stacks: ['dev'] },
  'upgrade-kafka': { title: 'Kafka is upgraded under load, nothing is refused or lost', stacks: ['dev'] },
  'rotate-kafka': { title: "Kafka's password is rotated under load", stacks: KAFKA },
  'rotate-redis': { title: "Redis' password is rotated under load", stacks: ['dev', 'stress'] },
  'rotate-mongo': { title: "MongoDB's password is rotated under load", stacks: ['dev', 'stress'] },
  scaling: { title: 'consumers come with the queue and go when it is empty', stacks: ['events'] },
  'drain-speed': { title: 'three consumers drain faster than one', stacks: ['events'] },
  'last-consumer': { title: 'the last consumer is killed in mid-batch, nothing is stranded', stacks: ['events'] },
  gone: { title: 'refresh notices a cluster that is gone, up makes another', stacks: ['spike'], clusters: 'own' },
  destroy: { title: 'destroy leaves nothing behind', stacks: [...OWN, ...EXISTING] },
} as const satisfies Readonly<Record<string, StepPlan>>;

export type StepName = keyof typeof STEPS;
