// From what is there to what is declared: the steps, or why it cannot be done.
import { assign, type Replicas } from './assign.ts';

/** A topic as it should be. */
export interface DeclaredTopic {
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Topic settings that differ from the brokers'; all others are reset. */
  config: Readonly<Record<string, string>>;
}

export interface ObservedPartition {
  replicas: Replicas;
  /** -1 when there is none. */
  leader: number;
  /** Replicas in sync. */
  isr: Replicas;
}

/** A topic as it is. */
export interface ObservedTopic {
  partitions: readonly ObservedPartition[];
  /** Settings of the topic itself. */
  config: Readonly<Record<string, string>>;
}

export interface Observed {
  /** Ids of the brokers that are there. */
  brokers: readonly number[];
  topics: Readonly<Record<string, ObservedTopic>>;
}

export type Step =
  | { kind: 'create'; topic: string; assignments: Replicas[]; config: Readonly<Record<string, string>> }
  | { kind: 'config'; topic: string; set: Readonly<Record<string, string>>; reset: readonly string[] }
  | { kind: 'grow'; topic: string; from: number; assignments: Replicas[] }
  | { kind: 'move'; topic: string; partition: number; from: Replicas; to: Replicas }
  | { kind: 'elect'; topic: string; partitions: number[] };

export type Move = Extract<Step, { kind: 'move' }>;

export interface Plan {
  steps: Step[];
  /** Why the declaration cannot be met; then nothing of it is done. All reasons at once. */
  refusals: string[];
  /** What is left as it is for now, and why. */
  notes: string[];
}

/** Settings that Kafka itself puts on topics. */
const OWN_SETTINGS = /\.replication\.throttled\.replicas$/;

/**
 * Works out the steps. Planned again after they are done, there are none left.
 *
 * @param brokerCount brokers that are to hold replicas: those with lower ids. Default: whoever is there
 */
export function plan(
  observed: Observed,
  declared: readonly DeclaredTopic[],
  brokerCount = Number.POSITIVE_INFINITY,
): Plan {
  const brokers = observed.brokers.filter((id) => id < brokerCount);
  const refusals = refusalsOf({ ...observed, brokers }, declared);
  if (refusals.length > 0) return { steps: [], refusals, notes: [] };
  const steps: Step[] = [];
  const notes: string[] = [];
  for (const topic of declared) {
    const there = observed.topics[topic.name];
    const load = loadOf(observed, topic.name);
    if (there === undefined) {
      const assignments = assign({ ...topic, current: [], brokers, load });
      steps.push({ kind: 'create', topic: topic.name, assignments, config: topic.config });
      continue;
    }
    steps.push(...configSteps(topic, there));
    steps.push(...placementSteps(topic, there, { brokers, brokerCount }, load, notes));
  }
  return { steps, refusals, notes };
}

function refusalsOf({ brokers, topics }: Observed, declared: readonly DeclaredTopic[]): string[] {
  const refusals: string[] = [];
  const names = new Set<string>();
  for (const { name, partitions, replicationFactor, config } of declared) {
    if (names.has(name)) refusals.push(`${name}: is declared twice`);
    names.add(name);
    if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..')
      refusals.push(`${name}: a topic's name has 1 to 249 letters, digits, dots, underscores and hyphens`);
    const now = topics[name]?.partitions.length ?? 0;
    if (partitions < now)
      refusals.push(
        `${name}: has ${now} partitions and cannot have fewer (${partitions} declared): Kafka cannot take partitions away; declare a new topic`,
      );
    if (replicationFactor > brokers.length)
      refusals.push(
        `${name}: replication factor ${replicationFactor} needs as many brokers, and there are ${brokers.length}`,
      );
    const inSync = Number(config['min.insync.replicas'] ?? 1);
    if (inSync > replicationFactor)
      refusals.push(
        `${name}: min.insync.replicas ${inSync} is above the replication factor ${replicationFactor}: nothing could be written`,
      );
  }
  return refusals;
}

/** Replicas that other topics have on each broker. */
function loadOf({ topics }: Observed, except: string): Map<number, number> {
  const load = new Map<number, number>();
  for (const [name, { partitions }] of Object.entries(topics))
    if (name !== except)
      for (const id of partitions.flatMap(({ replicas }) => replicas)) load.set(id, (load.get(id) ?? 0) + 1);
  return load;
}

function configSteps({ name, config }: DeclaredTopic, there: ObservedTopic): Step[] {
  const set = Object.fromEntries(Object.entries(config).filter(([key, value]) => there.config[key] !== value));
  const reset = Object.keys(there.config).filter((key) => !(key in config) && !OWN_SETTINGS.test(key));
  if (Object.keys(set).length === 0 && reset.length === 0) return [];
  return [{ kind: 'config', topic: name, set, reset }];
}

function placementSteps(
  topic: DeclaredTopic,
  there: ObservedTopic,
  { brokers, brokerCount }: { brokers: readonly number[]; brokerCount: number },
  load: ReadonlyMap<number, number>,
  notes: string[],
): Step[] {
  const { name, partitions, replicationFactor } = topic;
  const current = there.partitions.map(({ replicas }) => replicas);
  const away = [...new Set(current.flat())]
    .filter((id) => id < brokerCount && !brokers.includes(id))
    .sort((a, b) => a - b);
  const steps: Step[] = [];
  const base = [...current];
  // Kafka takes new partitions only with as many replicas as the others have; the moves below put that right.
  const factor = current[0]?.length ?? replicationFactor;
  if (partitions > current.length && factor <= brokers.length) {
    const assignments = assign({ current, partitions, replicationFactor: factor, brokers, load }).slice(current.length);
    steps.push({ kind: 'grow', topic: name, from: current.length, assignments });
    base.push(...assignments);
  }
  // A broker that is down comes back with its data: its replicas are not given to others behind its back.
  if (away.length > 0) {
    notes.push(
      `${name}: broker ${away.join(', ')} holds replicas and is not there; they stay where they are until it is back`,
    );
    return steps;
  }
  const target = assign({ current: base, partitions: base.length, replicationFactor, brokers, load });
  for (const [partition, from] of base.entries()) {
    const to = target[partition]!;
    if (!same(from, to)) steps.push({ kind: 'move', topic: name, partition, from, to });
  }
  const misled = [...there.partitions.entries()]
    .filter(([p, { replicas, leader, isr }]) => {
      const preferred = target[p]![0]!;
      return same(replicas, target[p]!) && leader !== preferred && isr.includes(preferred);
    })
    .map(([p]) => p);
  if (misled.length > 0) steps.push({ kind: 'elect', topic: name, partitions: misled });
  return steps;
}

/** The same brokers in the same order: the first is to lead. */
export const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((id, i) => id === b[i]);

/** One line for a person. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'create': {
      const settings = Object.entries(step.config).map(([key, value]) => `, ${key}=${value}`);
      return `create ${step.topic}: ${step.assignments.length} partitions, replication ${step.assignments[0]?.length}${settings.join('')}`;
    }
    case 'config': {
      const set = Object.entries(step.set).map(([key, value]) => `${key}=${value}`);
      const reset = step.reset.map((key) => `${key} back to the brokers' value`);
      return `configure ${step.topic}: ${[...set, ...reset].join(', ')}`;
    }
    case 'grow':
      return `grow ${step.topic}: from ${step.from} to ${step.from + step.assignments.length} partitions`;
    case 'move': {
      const moves = [...step.from].sort().join() !== [...step.to].sort().join();
      const what = moves ? 'move' : 'reorder';
      return `${what} ${step.topic}-${step.partition}: from brokers ${step.from.join(', ')} to ${step.to.join(', ')}`;
    }
    case 'elect':
      return `elect the preferred leaders of ${step.topic}: partitions ${step.partitions.join(', ')}`;
  }
}
