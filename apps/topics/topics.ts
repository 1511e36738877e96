// Brings the topics to the declared state, step by step, until there is nothing left to do.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { unregisterGone } from './empty.ts';
import { leave } from './leave.ts';
import { type DeclaredTopic, type Observed, plan, type Step } from './plan.ts';
import {
  MAX_ROUNDS,
  type Outcome,
  printPlan,
  type RunOptions,
  refuse,
  take,
  waitForBrokers,
  waitForMoves,
} from './waiting.ts';

export interface TopicsOptions extends RunOptions {
  declared: readonly DeclaredTopic[];
}

/** @throws when Kafka fails, or the moves take too long */
export async function bringTopics(cluster: Cluster, options: TopicsOptions): Promise<Outcome> {
  const { declared, brokerCount = 1, dryRun } = options;
  const wanted = Math.max(brokerCount, ...declared.map(({ replicationFactor }) => replicationFactor));
  await waitForBrokers(cluster, wanted, options);
  if (!dryRun) await waitForMoves(cluster, options);
  const outcome = await rounds(cluster, options);
  if (outcome !== 'refused' && !dryRun) await unregisterGone(cluster, options);
  return outcome;
}

async function rounds(cluster: Cluster, options: TopicsOptions): Promise<Outcome> {
  const { declared, brokerCount, dryRun, print } = options;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const observed = await cluster.observe();
    const { steps: wanted, refusals, notes } = plan(observed, declared, brokerCount);
    if (refusals.length > 0) return refuse(refusals, print);
    const steps = [...leavingSteps(observed, options), ...wanted];
    if (round === 0 || steps.length > 0) for (const note of notes) print(`Note: ${note}`);
    if (steps.length === 0) {
      print(round === 0 ? 'Nothing to do: all topics are as declared.' : 'Done: all topics are as declared.');
      return round === 0 ? 'nothing to do' : 'done';
    }
    if (dryRun) {
      printPlan(steps, print);
      return 'done';
    }
    await take(steps, cluster, options);
    await waitUntilSeen(cluster, options);
  }
  throw new Error(`the topics are not as declared after ${MAX_ROUNDS} rounds: does something else change them?`);
}

/** What the plan of the declared topics leaves on brokers that are to go: replicas of topics that nobody declared. */
function leavingSteps(observed: Observed, { declared, brokerCount }: TopicsOptions): Step[] {
  if (brokerCount === undefined) return [];
  const others = Object.entries(observed.topics).filter(([topic]) => !declared.some(({ name }) => name === topic));
  return leave({ ...observed, topics: Object.fromEntries(others) }, brokerCount);
}

/** New topics and leaders take a moment to be known by every broker. */
async function waitUntilSeen(cluster: Cluster, options: TopicsOptions): Promise<void> {
  const { declared, brokerCount, pollMs = 1_000 } = options;
  for (let tries = 0; tries < 10; tries++) {
    const observed = await cluster.observe().catch(() => undefined);
    if (observed !== undefined) {
      const { steps } = plan(observed, declared, brokerCount);
      const leading = declared.every(({ name }) =>
        observed.topics[name]?.partitions.every(({ leader }) => leader >= 0),
      );
      if (leading && steps.length === 0) return;
    }
    await sleep(pollMs / 2);
  }
}
