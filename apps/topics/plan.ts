// From the state of a cluster to the one that is wanted: the steps, or why it cannot be reached.
import { placeReplicas, type Replicas } from './placement.ts';
import { type ClusterState, type Step, sameReplicas, type TopicState } from './steps.ts';

/** A topic as it should be. */
export interface DeclaredTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Topic settings that differ from the brokers' settings. All others are reset. */
  readonly config: Readonly<Record<string, string>>;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Why the goal cannot be reached, all reasons at once. There are no steps then. */
  readonly refusals: readonly string[];
  /** What stays as it is for now, and why. */
  readonly notes: readonly string[];
  /** Brokers that the goal needs, and those that are available and may hold replicas. */
  readonly brokers: { readonly needed: number; readonly available: number };
}

/** Settings that Kafka itself puts on topics while it moves them. */
const KAFKAS_OWN_SETTINGS = /\.replication\.throttled\.replicas$/;

/**
 * Plans how declared topics come to be as declared: created, grown, configured, with replicas and
 * leaders spread evenly. Other topics stay as they are, apart from replicas on brokers that are to
 * leave. Once the steps are done, the next plan has none.
 *
 * @param brokerCount brokers that may hold replicas: those with ids below it. Default: all
 */
export function planTopics(
  state: ClusterState,
  declared: readonly DeclaredTopic[],
  brokerCount = Number.POSITIVE_INFINITY,
): Plan {
  const planner = new Planner(state, brokerCount);
  const factors = declared.map(({ replicationFactor }) => replicationFactor);
  const needed = Math.max(Number.isFinite(brokerCount) ? brokerCount : 1, ...factors);
  const refusals = refusalsOf(declared, state.topics, planner.staying.length);
  if (refusals.length > 0) return planner.refuse(refusals, needed);
  for (const topic of Object.keys(state.topics)) if (!declared.some(({ name }) => name === topic)) planner.drain(topic);
  for (const topic of declared) planner.reconcile(topic);
  return planner.finish(needed);
}

/**
 * Plans how the brokers with ids from `brokerCount` on come to hold no replicas, of whatever topic.
 * Nothing else changes.
 */
export function planDrain(state: ClusterState, brokerCount: number): Plan {
  const planner = new Planner(state, brokerCount);
  const topics = Object.keys(state.topics).filter((topic) => planner.isLeaving(topic));
  if (topics.length === 0) return planner.finish(0);
  if (planner.staying.length < brokerCount) {
    const available = planner.staying.join(', ') || 'none';
    const reason = `of the ${brokerCount} brokers that stay, only ${available} are available to take over replicas`;
    return planner.refuse([reason], brokerCount);
  }
  for (const topic of topics) planner.drain(topic);
  return planner.finish(brokerCount);
}

function refusalsOf(
  declared: readonly DeclaredTopic[],
  topics: ClusterState['topics'],
  availableBrokers: number,
): string[] {
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
        `${name}: has ${now} partitions and cannot have ${partitions}: Kafka cannot remove partitions. Declare a new topic`,
      );
    if (replicationFactor > availableBrokers)
      refusals.push(
        `${name}: replication factor ${replicationFactor} needs as many brokers, and ${availableBrokers} are available`,
      );
    const inSync = Number(config['min.insync.replicas'] ?? 1);
    if (inSync > replicationFactor)
      refusals.push(
        `${name}: min.insync.replicas ${inSync} is above the replication factor ${replicationFactor}: every write would fail`,
      );
  }
  return refusals;
}

/** Collects the steps topic by topic. */
class Planner {
  /** Brokers that are available and may hold replicas. */
  readonly staying: readonly number[];
  readonly #state: ClusterState;
  readonly #brokerCount: number;
  readonly #steps: Step[] = [];
  readonly #notes: string[] = [];
  /** Where the replicas of each topic will be, by what is planned so far. */
  readonly #placed: Map<string, readonly Replicas[]>;

  constructor(state: ClusterState, brokerCount: number) {
    this.#state = state;
    this.#brokerCount = brokerCount;
    this.staying = state.brokers.filter((id) => id < brokerCount);
    this.#placed = new Map(
      Object.entries(state.topics).map(([name, { partitions }]) => [name, partitions.map(({ replicas }) => replicas)]),
    );
  }

  refuse(refusals: readonly string[], needed: number): Plan {
    return { steps: [], refusals, notes: [], brokers: { needed, available: this.staying.length } };
  }

  finish(needed: number): Plan {
    const { unsettled } = this.#state;
    const steps: Step[] = unsettled.length > 0 ? [{ kind: 'wait', partitions: unsettled }] : this.#steps;
    return { steps, refusals: [], notes: this.#notes, brokers: { needed, available: this.staying.length } };
  }

  /** Whether a broker that is to leave holds replicas of the topic. */
  isLeaving(topic: string): boolean {
    return this.#placed
      .get(topic)!
      .flat()
      .some((id) => id >= this.#brokerCount);
  }

  /**
   * Moves the replicas off brokers that are to leave. Where every other broker has one, there is
   * one less.
   */
  drain(topic: string): void {
    if (!this.isLeaving(topic)) return;
    // A broker that is down comes back: with fewer brokers now, copies would be lost for good.
    if (this.staying.length < this.#brokerCount) {
      this.#notes.push(`${topic}: stays where it is until all ${this.#brokerCount} brokers that stay are available`);
      return;
    }
    const current = this.#placed.get(topic)!;
    const partitions = current.map((replicas) => ({
      replicas,
      copies: Math.min(replicas.length, this.staying.length),
    }));
    const target = placeReplicas({
      partitions,
      brokers: this.staying,
      load: this.#loadWithout(topic),
      mode: 'drain',
    });
    this.#move(topic, current, target);
  }

  /** Brings a topic to what is declared. */
  reconcile(topic: DeclaredTopic): void {
    const { name, partitions, replicationFactor, config } = topic;
    const observed = this.#state.topics[name];
    if (observed === undefined) {
      const assignments = this.#balance(name, [], partitions, replicationFactor);
      this.#placed.set(name, assignments);
      this.#steps.push({ kind: 'create', topic: name, assignments, config });
      return;
    }
    this.#configure(topic, observed);
    this.#grow(topic);
    const current = this.#placed.get(name)!;
    const down = [...new Set(current.flat())]
      .filter((id) => id < this.#brokerCount && !this.staying.includes(id))
      .sort((a, b) => a - b);
    // A broker that is down comes back with its data, so its replicas remain its own.
    if (down.length > 0) {
      this.#notes.push(`${name}: broker ${down.join(', ')} is down; its replicas stay where they are until it is back`);
      return;
    }
    const target = this.#balance(name, current, current.length, replicationFactor);
    this.#move(name, current, target);
    this.#elect(name, observed, target);
  }

  #configure({ name, config }: DeclaredTopic, observed: TopicState): void {
    const set = Object.fromEntries(Object.entries(config).filter(([key, value]) => observed.config[key] !== value));
    const reset = Object.keys(observed.config).filter((key) => !(key in config) && !KAFKAS_OWN_SETTINGS.test(key));
    if (Object.keys(set).length > 0 || reset.length > 0)
      this.#steps.push({ kind: 'configure', topic: name, set, reset });
  }

  /**
   * Adds partitions. Kafka takes them only with as many replicas as the others have; moves put that
   * right.
   */
  #grow({ name, partitions }: DeclaredTopic): void {
    const current = this.#placed.get(name)!;
    const factor = current[0]!.length;
    if (partitions <= current.length || factor > this.staying.length) return;
    const assignments = this.#balance(name, current, partitions, factor).slice(current.length);
    this.#steps.push({ kind: 'grow', topic: name, from: current.length, assignments });
    this.#placed.set(name, [...current, ...assignments]);
  }

  #balance(topic: string, current: readonly Replicas[], partitions: number, copies: number): Replicas[] {
    return placeReplicas({
      partitions: Array.from({ length: partitions }, (_, p) => ({ replicas: current[p] ?? [], copies })),
      brokers: this.staying,
      load: this.#loadWithout(topic),
      mode: 'balance',
    });
  }

  /** Replicas of all other topics on each broker. */
  #loadWithout(topic: string): Map<number, number> {
    const load = new Map<number, number>();
    for (const [name, partitions] of this.#placed)
      if (name !== topic) for (const id of partitions.flat()) load.set(id, (load.get(id) ?? 0) + 1);
    return load;
  }

  #move(topic: string, current: readonly Replicas[], target: readonly Replicas[]): void {
    for (const [partition, to] of target.entries()) {
      const from = current[partition]!;
      if (!sameReplicas(from, to)) this.#steps.push({ kind: 'move', topic, partition, from, to });
    }
    this.#placed.set(topic, target);
  }

  /**
   * Gives leadership back to preferred leaders that are in sync. Moves come first: they change
   * which one is preferred.
   */
  #elect(topic: string, observed: TopicState, target: readonly Replicas[]): void {
    const partitions = [...observed.partitions.entries()]
      .filter(([partition, { replicas, leader, isr }]) => {
        const preferred = replicas[0]!;
        return sameReplicas(replicas, target[partition]!) && leader !== preferred && isr.includes(preferred);
      })
      .map(([partition]) => partition);
    if (partitions.length > 0) this.#steps.push({ kind: 'elect', topic, partitions });
  }
}
