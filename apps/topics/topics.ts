// Brings the topics to the declared state, step by step, until there is nothing left to do.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { type DeclaredTopic, describeStep, plan } from './plan.ts';

export interface TopicsOptions {
  declared: readonly DeclaredTopic[];
  /** Only say what would be done. */
  dryRun: boolean;
  /** How long to wait for as many brokers as the replication needs, milliseconds. */
  brokersTimeoutMs: number;
  /** How long data may be on the move, milliseconds. */
  movesTimeoutMs: number;
  /** Told one line at a time. */
  print: (line: string) => void;
  /** Pause between two looks, milliseconds. Default 1000. */
  pollMs?: number;
}

export type Outcome = 'done' | 'nothing to do' | 'refused';

/** Moves show what is left to elect, elections what is left to move: more rounds than this mean that something undoes our work. */
const MAX_ROUNDS = 5;

/** @throws when Kafka fails, or the moves take too long */
export async function bringTopics(cluster: Cluster, options: TopicsOptions): Promise<Outcome> {
  const { declared, dryRun, print } = options;
  await waitForBrokers(cluster, options);
  if (!dryRun) await waitForMoves(cluster, options);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { steps, refusals, notes } = plan(await cluster.observe(), declared);
    if (refusals.length > 0) {
      print('Refused, and nothing was changed:');
      for (const refusal of refusals) print(`  ${refusal}`);
      return 'refused';
    }
    if (round === 0 || steps.length > 0) for (const note of notes) print(`Note: ${note}`);
    if (steps.length === 0) {
      print(round === 0 ? 'Nothing to do: all topics are as declared.' : 'Done: all topics are as declared.');
      return round === 0 ? 'nothing to do' : 'done';
    }
    if (dryRun) {
      print(`Plan (dry run, ${steps.length} steps):`);
      for (const step of steps) print(`  ${describeStep(step)}`);
      return 'done';
    }
    for (const step of steps) {
      print(describeStep(step));
      await cluster.apply(step);
    }
    await waitForMoves(cluster, options);
    await waitUntilSeen(cluster, options);
  }
  throw new Error(`the topics are not as declared after ${MAX_ROUNDS} rounds: does something else change them?`);
}

async function waitForBrokers(cluster: Cluster, options: TopicsOptions): Promise<void> {
  const { declared, brokersTimeoutMs, print, pollMs = 1_000 } = options;
  const wanted = Math.max(1, ...declared.map(({ replicationFactor }) => replicationFactor));
  const deadline = performance.now() + brokersTimeoutMs;
  for (let seen = -1; ; ) {
    const { length } = await cluster.brokers().catch((error: Error) => {
      if (performance.now() > deadline) throw error;
      return [];
    });
    // Too few in the end: the plan says what that means.
    if (length >= wanted || (length > 0 && performance.now() > deadline)) return;
    if (length !== seen) print(`Waiting for brokers: ${length} of ${wanted} are there`);
    seen = length;
    await sleep(pollMs);
  }
}

async function waitForMoves(cluster: Cluster, { movesTimeoutMs, print, pollMs = 1_000 }: TopicsOptions): Promise<void> {
  const deadline = performance.now() + movesTimeoutMs;
  for (let seen = 0; ; ) {
    const moving = await cluster.moving();
    if (moving.length === 0) {
      if (seen > 0) print('All partitions have arrived');
      return;
    }
    if (moving.length !== seen) print(`${moving.length} partitions on the move: ${moving.join(', ')}`);
    seen = moving.length;
    if (performance.now() > deadline)
      throw new Error(
        `partitions are still on the move after ${movesTimeoutMs / 1000} s; they go on, run this again later`,
      );
    await sleep(pollMs);
  }
}

/** New topics and leaders take a moment to be known by every broker. */
async function waitUntilSeen(cluster: Cluster, { declared, pollMs = 1_000 }: TopicsOptions): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    const observed = await cluster.observe().catch(() => undefined);
    if (observed !== undefined) {
      const { steps } = plan(observed, declared);
      const leading = declared.every(({ name }) =>
        observed.topics[name]?.partitions.every(({ leader }) => leader >= 0),
      );
      if (leading && steps.length === 0) return;
    }
    await sleep(pollMs / 2);
  }
}
