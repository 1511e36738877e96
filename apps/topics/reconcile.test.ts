// The executor on a simulated cluster: what it waits for, what it resumes, when it gives up.
import { describe, expect, test } from '@jest/globals';
import type { DeclaredTopic } from './plan.ts';
import { drainBrokers, type ManagedCluster, reconcileTopics } from './reconcile.ts';
import type { ClusterState, PartitionState, Step } from './steps.ts';

const settled = (replicas: readonly number[]): PartitionState => ({ replicas, leader: replicas[0]!, isr: replicas });

/**
 * A cluster whose moves take some observations, during which it shows old and new replicas
 * together.
 */
class SimulatedCluster implements ManagedCluster {
  brokers = [0, 1, 2];
  readonly applied: Step[] = [];
  readonly unregistered: number[] = [];
  fenced: number[] = [];
  /** Observations that a move takes. */
  moveTakes = 2;
  /** Called before each observation, with its number. */
  onObserve: (count: number) => void = () => {};
  /** Called before each step. */
  onApply: (step: Step) => void = () => {};
  readonly topics: Record<string, { partitions: PartitionState[]; config: Record<string, string> }> = {};
  readonly #moves = new Map<string, { topic: string; partition: number; to: readonly number[]; left: number }>();
  #observed = 0;

  add(topic: string, ...partitions: number[][]): this {
    this.topics[topic] = { partitions: partitions.map(settled), config: {} };
    return this;
  }

  async observe(): Promise<ClusterState> {
    this.onObserve(++this.#observed);
    for (const [name, { topic, partition, to }] of this.#moves) {
      const move = this.#moves.get(name)!;
      if (move.left-- > 0) continue;
      this.topics[topic]!.partitions[partition] = settled(to);
      this.#moves.delete(name);
    }
    return structuredClone({ brokers: this.brokers, topics: this.topics, unsettled: [...this.#moves.keys()] });
  }

  async apply(step: Step): Promise<void> {
    this.onApply(step);
    this.applied.push(step);
    if (step.kind === 'create') this.add(step.topic, ...step.assignments.map((replicas) => [...replicas]));
    if (step.kind === 'grow') this.topics[step.topic]!.partitions.push(...step.assignments.map(settled));
    if (step.kind === 'move') {
      const { topic, partition, from, to } = step;
      const both = [...new Set([...to, ...from])];
      this.topics[topic]!.partitions[partition] = { replicas: both, leader: from[0]!, isr: from };
      this.#moves.set(`${topic}-${partition}`, { topic, partition, to, left: this.moveTakes });
    }
  }

  async registered() {
    const running = this.brokers.map((id) => ({ id, fenced: false }));
    return [...running, ...this.fenced.map((id) => ({ id, fenced: true }))];
  }

  async unregister(id: number): Promise<void> {
    this.unregistered.push(id);
  }
}

const topic = (name: string, change: Partial<DeclaredTopic> = {}): DeclaredTopic => ({
  name,
  partitions: 1,
  replicationFactor: 2,
  config: {},
  ...change,
});
const options = (lines: string[]) => ({
  dryRun: false,
  brokersTimeoutMs: 0,
  movesTimeoutMs: 10_000,
  print: (line: string) => void lines.push(line),
  pollMs: 1,
});

async function reconcile(cluster: SimulatedCluster, declared: DeclaredTopic[], change: object = {}) {
  const lines: string[] = [];
  const outcome = await reconcileTopics(cluster, { ...options(lines), declared, ...change });
  return { outcome, lines };
}
async function drain(cluster: SimulatedCluster, change: object = {}) {
  const lines: string[] = [];
  const outcome = await drainBrokers(cluster, { ...options(lines), brokerCount: 2, ...change });
  return { outcome, lines };
}
const kinds = ({ applied }: SimulatedCluster): string[] => applied.map(({ kind }) => kind);

describe('moves', () => {
  test('are waited for, and the next plan does not build on old and new replicas together', async () => {
    const cluster = new SimulatedCluster().add('posts', [2, 0]);
    const { outcome, lines } = await drain(cluster);
    expect(outcome).toBe('done');
    expect(kinds(cluster)).toEqual(['move']);
    expect(cluster.topics.posts!.partitions[0]!.replicas).toEqual([0, 1]);
    expect(lines).toEqual([
      'move posts-0: from brokers 2, 0 to 0, 1',
      'Waiting for moves: posts-0',
      'All partitions have moved',
      'Done: brokers from 2 on hold no replicas.',
    ]);
  });

  test('of an earlier run are waited for before anything is planned', async () => {
    const cluster = new SimulatedCluster().add('posts', [2, 0]);
    await cluster.apply({ kind: 'move', topic: 'posts', partition: 0, from: [2, 0], to: [1, 0] });
    const { outcome } = await drain(cluster);
    expect(outcome).toBe('nothing to do');
    expect(kinds(cluster)).toEqual(['move', 'wait']);
    expect(cluster.topics.posts!.partitions[0]!.replicas).toEqual([1, 0]);
  });

  test('that have just ended, so that no broker knows yet, are planned on once the brokers know', async () => {
    const cluster = new SimulatedCluster().add('posts', [1, 0, 2]);
    cluster.onObserve = (count) => {
      if (count === 2) cluster.add('posts', [1, 0]);
    };
    expect((await drain(cluster)).outcome).toBe('nothing to do');
    expect(cluster.applied).toEqual([]);
  });

  test('that take too long fail the run and are named', async () => {
    const cluster = new SimulatedCluster().add('posts', [2, 0]);
    cluster.moveTakes = Number.POSITIVE_INFINITY;
    await expect(drain(cluster, { movesTimeoutMs: 20 })).rejects.toThrow(
      'partitions are still moving after 0.02 s: posts-0. Kafka continues to move them; run this again later',
    );
  });

  test('go on while the cluster does not answer for a moment', async () => {
    const cluster = new SimulatedCluster().add('posts', [2, 0]);
    cluster.onObserve = (count) => {
      if (count === 3) throw new Error('connection closed');
    };
    expect((await drain(cluster)).outcome).toBe('done');
  });
});

describe('a run', () => {
  test('that was interrupted is resumed by the next one, which does only what is left', async () => {
    const cluster = new SimulatedCluster().add('a', [0]);
    const declared = [topic('a'), topic('b'), topic('c')];
    cluster.onApply = (step) => {
      if (step.kind === 'create' && step.topic === 'c') throw new Error('killed');
    };
    await expect(reconcile(cluster, declared)).rejects.toThrow('killed');
    cluster.onApply = () => {};
    expect((await reconcile(cluster, declared)).outcome).toBe('done');
    expect(cluster.applied.filter(({ kind }) => kind === 'create')).toHaveLength(2);
    expect((await reconcile(cluster, declared)).outcome).toBe('nothing to do');
  });

  test('gives up when another tool undoes its steps, and says what is left', async () => {
    const cluster = new SimulatedCluster().add('posts', [2, 0]);
    cluster.moveTakes = 0;
    // The other tool moves it back as soon as it has arrived.
    cluster.onObserve = () => {
      if (cluster.topics.posts!.partitions[0]!.replicas.length === 2) cluster.add('posts', [2, 0]);
    };
    await expect(drain(cluster)).rejects.toThrow(
      /not reached after 5 rounds: brokers from 2 on hold no replicas\..*Left: move posts-0/,
    );
  });

  test('prints each note once and does the rest', async () => {
    const cluster = new SimulatedCluster().add('posts', [0, 1, 3]);
    const { lines } = await reconcile(cluster, [topic('posts', { partitions: 2 })]);
    expect(kinds(cluster)).toEqual(['grow']);
    expect(lines.filter((line) => line.startsWith('Note:'))).toHaveLength(1);
  });

  test('only prints its plan when it is a dry run', async () => {
    const cluster = new SimulatedCluster();
    const { lines } = await reconcile(cluster, [topic('posts')], { dryRun: true });
    expect(cluster.applied).toEqual([]);
    expect(lines).toEqual(['Plan (dry run, 1 steps):', '  create posts: 1 partition, replication 2']);
  });
});

describe('brokers', () => {
  test('that are coming are waited for', async () => {
    const cluster = new SimulatedCluster();
    cluster.brokers = [0];
    cluster.onObserve = (count) => {
      if (count === 1) throw new Error('no broker answers');
      if (count === 4) cluster.brokers = [0, 1];
    };
    const { outcome, lines } = await reconcile(cluster, [topic('posts')], { brokersTimeoutMs: 10_000 });
    expect(outcome).toBe('done');
    expect(lines.slice(0, 2)).toEqual([
      'Waiting for brokers: none answers',
      'Waiting for brokers: 1 of 2 are available',
    ]);
  });

  test('that do not come: it is refused, with nothing changed', async () => {
    const cluster = new SimulatedCluster();
    cluster.brokers = [0];
    const { outcome, lines } = await reconcile(cluster, [topic('posts')]);
    expect({ outcome, applied: cluster.applied }).toEqual({ outcome: 'refused', applied: [] });
    expect(lines.at(-1)).toContain('replication factor 2 needs as many brokers, and 1 are available');
  });

  test('are not waited for when there is nothing to drain', async () => {
    const cluster = new SimulatedCluster().add('posts', [0]);
    cluster.brokers = [0];
    const { outcome } = await drain(cluster, { brokersTimeoutMs: Number.POSITIVE_INFINITY });
    expect(outcome).toBe('nothing to do');
  });

  test('that are gone are unregistered, unless they still hold replicas or run', async () => {
    const cluster = new SimulatedCluster().add('posts', [0, 1]).add('theirs', [4]);
    cluster.brokers = [0, 2];
    cluster.fenced = [3, 4];
    const { lines } = await reconcile(cluster, [], { brokerCount: 2 });
    expect(cluster.unregistered).toEqual([3]);
    expect(lines).toEqual(
      expect.arrayContaining([
        'Note: broker 2 is still running, and empty',
        'Broker 3 is gone and was unregistered',
        'Note: broker 4 stays registered, because it still holds replicas',
      ]),
    );
  });
});
