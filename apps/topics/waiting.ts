// Steps that take their time: brokers that come and go, data on the move.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { describeStep, type Move, type Step, same } from './plan.ts';

/** What a run is told, whatever it does. */
export interface RunOptions {
  /** Brokers of the cluster: replicas lie on ids below it. Default: on whoever is there. */
  brokerCount?: number | undefined;
  /** Only say what would be done. */
  dryRun: boolean;
  /** How long to wait for brokers that are to come or to go, milliseconds. */
  brokersTimeoutMs: number;
  /** How long data may be on the move, milliseconds. */
  movesTimeoutMs: number;
  /** Told one line at a time. */
  print: (line: string) => void;
  /** Pause between two looks, milliseconds. Default 1000. */
  pollMs?: number;
}

export type Outcome = 'done' | 'nothing to do' | 'refused';

/** Rounds of steps after which something else must be undoing our work. */
export const MAX_ROUNDS = 5;
/** How long a broker may take to hear of what the controllers did, milliseconds. */
const SEEN_MS = 10_000;

/** Waits for so many brokers that may hold replicas, and goes on with fewer: the plan says what that means. */
export async function waitForBrokers(cluster: Cluster, wanted: number, options: RunOptions): Promise<void> {
  const { brokerCount = Number.POSITIVE_INFINITY, brokersTimeoutMs, print, pollMs = 1_000 } = options;
  const deadline = performance.now() + brokersTimeoutMs;
  for (let seen = -1; ; ) {
    const brokers = await cluster.brokers().catch((error: Error) => {
      if (performance.now() > deadline) throw error;
      return [];
    });
    const { length } = brokers.filter((id) => id < brokerCount);
    if (length >= wanted || (length > 0 && performance.now() > deadline)) return;
    if (length !== seen) print(`Waiting for brokers: ${length} of ${wanted} are there`);
    seen = length;
    await sleep(pollMs);
  }
}

/** @throws when they take too long */
export async function waitForMoves(
  cluster: Cluster,
  { movesTimeoutMs, print, pollMs = 1_000 }: RunOptions,
): Promise<void> {
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

/** Does the steps, and waits until the data is where they put it. */
export async function take(steps: readonly Step[], cluster: Cluster, options: RunOptions): Promise<void> {
  for (const step of steps) {
    options.print(describeStep(step));
    await cluster.apply(step);
  }
  await waitForMoves(cluster, options);
  await waitUntilSeen(
    steps.filter((step) => step.kind === 'move'),
    cluster,
    options,
  );
}

/**
 * Where partitions are is asked of a broker, which may hear of a move's end after the controllers and shows old and new
 * replicas together until then: whoever plans on that moves more than was meant. After a while it goes on regardless, as
 * somebody else may have moved them elsewhere.
 */
async function waitUntilSeen(moves: readonly Move[], cluster: Cluster, { pollMs = 1_000 }: RunOptions): Promise<void> {
  const deadline = performance.now() + SEEN_MS;
  for (const { topic, partition, to } of moves)
    while (!same((await cluster.partitions(topic))[partition]?.replicas ?? [], to) && performance.now() < deadline)
      await sleep(pollMs);
}

export function printPlan(steps: readonly Step[], print: RunOptions['print']): void {
  print(`Plan (dry run, ${steps.length} steps):`);
  for (const step of steps) print(`  ${describeStep(step)}`);
}

export function refuse(refusals: readonly string[], print: RunOptions['print']): Outcome {
  print('Refused, and nothing was changed:');
  for (const refusal of refusals) print(`  ${refusal}`);
  return 'refused';
}
