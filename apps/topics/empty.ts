// Taking brokers away: emptied while they are still there, forgotten when they are gone.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { isLeaving, leave } from './leave.ts';
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

/**
 * Empties the brokers from `brokerCount` on, and touches nothing else.
 * @throws when Kafka fails, or the moves take too long
 */
export async function emptyBrokers(
  cluster: Cluster,
  options: RunOptions & { readonly brokerCount: number },
): Promise<Outcome> {
  const { brokerCount, dryRun, print } = options;
  if (!dryRun) await waitForMoves(cluster, options);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (!isLeaving(await cluster.observe(), brokerCount)) {
      print(`Nothing ${round === 0 ? '' : 'more '}to do: brokers from ${brokerCount} on hold nothing.`);
      return round === 0 ? 'nothing to do' : 'done';
    }
    // Those that stay take it over, so all of them must be there.
    await waitForBrokers(cluster, brokerCount, options);
    const observed = await cluster.observe();
    const here = observed.brokers.filter((id) => id < brokerCount);
    if (here.length < brokerCount)
      return refuse(
        [
          `of the ${brokerCount} brokers that stay, only ${here.join(', ')} are there to take over what the others hold`,
        ],
        print,
      );
    const steps = leave(observed, brokerCount);
    if (dryRun) {
      printPlan(steps, print);
      return 'done';
    }
    await take(steps, cluster, options);
  }
  throw new Error(`brokers from ${brokerCount} on still get replicas: does something else put them there?`);
}

/**
 * Takes brokers that are gone for good off the controllers' list: one that stays listed would hold up every later finalizing
 * of a feature level. One that is still there is only told of.
 */
export async function unregisterGone(cluster: Cluster, options: RunOptions): Promise<void> {
  const { brokerCount, brokersTimeoutMs, print, pollMs = 1_000 } = options;
  if (brokerCount === undefined) return;
  const surplus = async () => (await cluster.registered()).filter(({ id }) => id >= brokerCount);
  let left = await surplus();
  const deadline = performance.now() + brokersTimeoutMs;
  while (left.some(({ fenced }) => !fenced) && performance.now() < deadline) {
    await sleep(pollMs);
    left = await surplus();
  }
  for (const { id, fenced } of left) {
    if (fenced) await cluster.unregister(id);
    print(fenced ? `Broker ${id} is gone and was taken off the list` : `Note: broker ${id} is still there, and empty`);
  }
}
