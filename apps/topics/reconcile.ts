// Carries out plans: applies the steps, waits until the cluster shows their effect, and plans again
// until nothing is left. A run that is interrupted is resumed by the next one, because each starts
// from what the cluster has.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from './cluster.ts';
import { type DeclaredTopic, type Plan, planDrain, planTopics } from './plan.ts';
import { type ClusterState, describeStep, hasTakenEffect, type Step } from './steps.ts';

export interface RunOptions {
  /** Only prints what would be done. */
  readonly dryRun: boolean;
  /** How long to wait for brokers that are coming or going, milliseconds. */
  readonly brokersTimeoutMs: number;
  /** How long partitions may take to move, milliseconds. */
  readonly movesTimeoutMs: number;
  /** Prints one line. */
  readonly print: (line: string) => void;
  /**
   * Pause between two observations, milliseconds. It must be longer than a healthy broker takes to
   * hear of a change from the controllers, which it asks every 500 ms. Default 1000.
   */
  readonly pollMs?: number;
}

export interface ReconcileOptions extends RunOptions {
  readonly declared: readonly DeclaredTopic[];
  /** Brokers that may hold replicas: those with ids below it. Default: all. */
  readonly brokerCount?: number | undefined;
}

export interface DrainOptions extends RunOptions {
  /** Brokers that stay: those with ids below it. */
  readonly brokerCount: number;
}

export type Outcome = 'done' | 'nothing to do' | 'refused';

/** What the run does with a cluster. */
export type ManagedCluster = Pick<Cluster, 'observe' | 'apply' | 'registered' | 'unregister'>;

const POLL_MS = 1_000;
/** Rounds of steps after which another tool must be undoing them. */
const MAX_ROUNDS = 5;
/**
 * How long the cluster may fail to answer, or to show the effect of a step while no data moves,
 * milliseconds.
 */
const QUIET_TIMEOUT_MS = 10_000;
/**
 * Pause before the second observation, milliseconds; each pause is twice as long as the one before.
 */
const FIRST_PAUSE_MS = 50;

/**
 * Brings the topics to the declared state and unregisters brokers that are gone for good.
 * @throws Error when Kafka fails, or partitions take too long to move
 */
export async function reconcileTopics(cluster: ManagedCluster, options: ReconcileOptions): Promise<Outcome> {
  const { declared, brokerCount, dryRun } = options;
  const goal = 'all topics are as declared';
  const outcome = await converge(cluster, (state) => planTopics(state, declared, brokerCount), goal, options);
  if (outcome !== 'refused' && !dryRun && brokerCount !== undefined)
    await unregisterGone(cluster, { ...options, brokerCount });
  return outcome;
}

/**
 * Moves all replicas off the brokers from `brokerCount` on and changes nothing else.
 * @throws Error when Kafka fails, or partitions take too long to move
 */
export function drainBrokers(cluster: ManagedCluster, options: DrainOptions): Promise<Outcome> {
  const { brokerCount } = options;
  const goal = `brokers from ${brokerCount} on hold no replicas`;
  return converge(cluster, (state) => planDrain(state, brokerCount), goal, options);
}

type MakePlan = (state: ClusterState) => Plan;

async function converge(cluster: ManagedCluster, makePlan: MakePlan, goal: string, options: RunOptions) {
  const { dryRun, brokersTimeoutMs, print } = options;
  const brokersDeadline = performance.now() + brokersTimeoutMs;
  const printed = new Set<string>();
  let worked = false;
  let left: readonly Step[] = [];
  for (let round = 0; round <= MAX_ROUNDS; round++) {
    const { steps, refusals, notes } = await planWithBrokers(cluster, makePlan, brokersDeadline, options);
    if (refusals.length > 0) return refuse(refusals, print);
    for (const note of notes) if (!printed.has(note)) print(`Note: ${note}`);
    for (const note of notes) printed.add(note);
    if (steps.length === 0) {
      print(worked ? `Done: ${goal}.` : `Nothing to do: ${goal}.`);
      return worked ? 'done' : 'nothing to do';
    }
    if (dryRun) {
      print(`Plan (dry run, ${steps.length} steps):`);
      for (const step of steps) print(`  ${describeStep(step)}`);
      return 'done';
    }
    left = steps;
    if (round < MAX_ROUNDS) await applySteps(cluster, steps, options);
    worked ||= steps.some(({ kind }) => kind !== 'wait');
  }
  const steps = left.map(describeStep).join('; ');
  throw new Error(`not reached after ${MAX_ROUNDS} rounds: ${goal}. Another tool may be changing them. Left: ${steps}`);
}

/**
 * Plans once enough brokers are available, or at the deadline with those that are. Two plans in a
 * row must agree on the moves: right after an earlier move has ended, there is a moment in which no
 * broker knows of it yet, and all of them show old and new replicas together.
 */
async function planWithBrokers(
  cluster: ManagedCluster,
  makePlan: MakePlan,
  deadline: number,
  { print, pollMs = POLL_MS }: RunOptions,
): Promise<Plan> {
  let printed: string | undefined;
  for (let moves: readonly Step[] = []; ; await sleep(pollMs)) {
    const late = performance.now() >= deadline;
    const state = await cluster.observe().catch((error: unknown) => {
      if (late) throw error;
      return undefined;
    });
    const plan = state && makePlan(state);
    if (plan && (late || plan.brokers.available >= plan.brokers.needed)) {
      const before = moves;
      moves = plan.steps.filter(({ kind }) => kind === 'move');
      if (moves.length === 0 || isDeepStrictEqual(moves, before)) return plan;
      continue;
    }
    const line = plan
      ? `Waiting for brokers: ${plan.brokers.available} of ${plan.brokers.needed} are available`
      : 'Waiting for brokers: none answers';
    if (line !== printed) print(line);
    printed = line;
  }
}

/**
 * Applies the steps and waits until the cluster shows their effect. Once no data is moving it waits
 * only a little longer: another tool may have changed what the steps did, and the next plan sees
 * it.
 */
async function applySteps(cluster: ManagedCluster, steps: readonly Step[], options: RunOptions): Promise<void> {
  const { print, movesTimeoutMs, pollMs = POLL_MS } = options;
  for (const step of steps) {
    print(describeStep(step));
    await cluster.apply(step);
  }
  const progress = steps.some(({ kind }) => kind === 'move' || kind === 'wait') ? print : () => {};
  const movesDeadline = performance.now() + movesTimeoutMs;
  let quietDeadline = performance.now() + QUIET_TIMEOUT_MS;
  let moving = 0;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, pollMs)) {
    const late = performance.now() > quietDeadline;
    const state = await cluster.observe().catch((error: unknown) => {
      if (late) throw error;
      return undefined;
    });
    if (state && state.unsettled.length > 0) {
      const names = state.unsettled.join(', ');
      if (performance.now() > movesDeadline)
        throw new Error(
          `partitions are still moving after ${movesTimeoutMs / 1000} s: ${names}. Kafka continues to move them; run this again later`,
        );
      if (state.unsettled.length !== moving) progress(`Waiting for moves: ${names}`);
      moving = state.unsettled.length;
      quietDeadline = performance.now() + QUIET_TIMEOUT_MS;
    } else if (state) {
      if (moving > 0) progress('All partitions have moved');
      moving = 0;
      if (late || steps.every((step) => hasTakenEffect(step, state))) return;
    }
    await sleep(pauseMs);
  }
}

/**
 * Unregisters brokers that are gone for good: one that stays registered holds up every later
 * finalization of a feature level. One that is still running is only mentioned.
 */
async function unregisterGone(cluster: ManagedCluster, options: DrainOptions): Promise<void> {
  const { brokerCount, brokersTimeoutMs, print, pollMs = POLL_MS } = options;
  const surplus = async () => (await cluster.registered()).filter(({ id }) => id >= brokerCount);
  const deadline = performance.now() + brokersTimeoutMs;
  let left = await surplus();
  while (left.some(({ fenced }) => !fenced) && performance.now() < deadline) {
    await sleep(pollMs);
    left = await surplus();
  }
  if (left.length === 0) return;
  const { topics } = await cluster.observe();
  const replicas = Object.values(topics).flatMap(({ partitions }) =>
    partitions.flatMap((partition) => partition.replicas),
  );
  for (const { id, fenced } of left) {
    if (replicas.includes(id)) print(`Note: broker ${id} stays registered, because it still holds replicas`);
    else if (!fenced) print(`Note: broker ${id} is still running, and empty`);
    else {
      await cluster.unregister(id);
      print(`Broker ${id} is gone and was unregistered`);
    }
  }
}

function refuse(refusals: readonly string[], print: RunOptions['print']): Outcome {
  print('Refused, and nothing was changed:');
  for (const refusal of refusals) print(`  ${refusal}`);
  return 'refused';
}
