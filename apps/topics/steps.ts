// The steps that change a cluster: what each does, how it reads, and when it has taken effect.
import type { Replicas } from './placement.ts';

export interface PartitionState {
  readonly replicas: Replicas;
  /** -1: none. */
  readonly leader: number;
  /** Replicas in sync. */
  readonly isr: Replicas;
}

export interface TopicState {
  readonly partitions: readonly PartitionState[];
  /** Settings of the topic itself. */
  readonly config: Readonly<Record<string, string>>;
}

/** What a cluster has, as far as the steps change it. */
export interface ClusterState {
  /** Ids of the available brokers. */
  readonly brokers: readonly number[];
  readonly topics: Readonly<Record<string, TopicState>>;
  /** Partitions (`posts-0`) that are moving, or on which the brokers do not agree yet. */
  readonly unsettled: readonly string[];
}

export type Step =
  /** Lets moves that are under way end. What to do next depends on where they end. */
  | { kind: 'wait'; partitions: readonly string[] }
  | { kind: 'create'; topic: string; assignments: readonly Replicas[]; config: Readonly<Record<string, string>> }
  | { kind: 'configure'; topic: string; set: Readonly<Record<string, string>>; reset: readonly string[] }
  | { kind: 'grow'; topic: string; from: number; assignments: readonly Replicas[] }
  | { kind: 'move'; topic: string; partition: number; from: Replicas; to: Replicas }
  | { kind: 'elect'; topic: string; partitions: readonly number[] };

/** Whether two partitions are on the same brokers in the same order: the first is to lead. */
export const sameReplicas = (a: Replicas, b: Replicas): boolean =>
  a.length === b.length && a.every((id, i) => id === b[i]);

const count = (partitions: number): string => `${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`;

/** The step as one line. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'wait':
      return `wait for moves that are under way: ${step.partitions.join(', ')}`;
    case 'create': {
      const config = Object.entries(step.config).map(([key, value]) => `, ${key}=${value}`);
      return `create ${step.topic}: ${count(step.assignments.length)}, replication ${step.assignments[0]?.length}${config.join('')}`;
    }
    case 'configure': {
      const set = Object.entries(step.set).map(([key, value]) => `${key}=${value}`);
      const reset = step.reset.map((key) => `${key} reset to the brokers' value`);
      return `configure ${step.topic}: ${[...set, ...reset].join(', ')}`;
    }
    case 'grow':
      return `grow ${step.topic}: from ${step.from} to ${count(step.from + step.assignments.length)}`;
    case 'move': {
      const moves = [...step.from].sort().join() !== [...step.to].sort().join();
      const what = moves ? 'move' : 'reorder';
      return `${what} ${step.topic}-${step.partition}: from brokers ${step.from.join(', ')} to ${step.to.join(', ')}`;
    }
    case 'elect':
      return `elect the preferred leaders of ${step.topic}: partitions ${step.partitions.join(', ')}`;
  }
}

/** Whether the cluster shows what the step was to bring about. */
export function hasTakenEffect(step: Step, { topics, unsettled }: ClusterState): boolean {
  if (step.kind === 'wait') return unsettled.length === 0;
  const topic = topics[step.topic];
  if (topic === undefined) return false;
  const { partitions, config } = topic;
  const haveLeaders = (count: number) => partitions.length >= count && partitions.every(({ leader }) => leader >= 0);
  switch (step.kind) {
    case 'create':
      return haveLeaders(step.assignments.length);
    case 'configure':
      return (
        Object.entries(step.set).every(([key, value]) => config[key] === value) &&
        !step.reset.some((key) => key in config)
      );
    case 'grow':
      return haveLeaders(step.from + step.assignments.length);
    case 'move':
      return sameReplicas(partitions[step.partition]?.replicas ?? [], step.to);
    case 'elect':
      return step.partitions.every((partition) => {
        const { replicas, leader, isr } = partitions[partition] ?? { replicas: [], leader: -1, isr: [] };
        const [preferred] = replicas;
        // A replica that has fallen out of sync meanwhile cannot lead.
        return preferred !== undefined && (leader === preferred || !isr.includes(preferred));
      });
  }
}
