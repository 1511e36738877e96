// What only a stack's consumers can tell, of the local run or of a cluster: the dead letters, and
// the records that they counted as lost.
import { join } from 'node:path';
import { type Reading, readingOf } from '../apps/console/readings.ts';
import { parsePrometheus, scrape } from '../apps/console/scrape.ts';
import type { DeadLetter } from '../apps/shared/queue/queue.ts';
import { type CommandEnvironment, localRun } from '../local/running.ts';
import type { Kubectl, List } from '../tooling/cluster/kubectl.ts';
import { waitFor } from '../tooling/poll.ts';
import { run } from '../tooling/run.ts';
import type { LossCounts } from './ledger/losses.ts';

/** Each method throws when its answer is unknown. */
export interface Consumers {
  losses(): Promise<LossCounts>;
  /** The oldest dead letters. @param limit at most that many */
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
}

const REPOSITORY = join(import.meta.dirname, '..');
const TIMEOUT_MS = 60_000;
const SETTLE_SECONDS = 30;
/**
 * Dead letters that are read in a pod, at most: the command shares the memory of the consumer there.
 */
const MAX_IN_POD = 500;

/**
 * The consumers of the stack that runs on this machine.
 * @param file what the running stack left for other commands
 * @returns undefined if no stack runs
 */
export function localConsumers(file?: string): Consumers | undefined {
  const env = localRun(file);
  return env && consumersOf(env);
}

/** @param env what a stack of this machine tells other commands */
export function consumersOf(env: CommandEnvironment): Consumers {
  return {
    async losses() {
      const { CONSUMER_TARGETS: targets } = env;
      if (!targets) throw new Error('the running stack does not say where its consumers are; start it again');
      const readings = targets
        .split(',')
        .map(async (address) => countOf(address, await scrape('consumer', address).catch(unreachable(address))));
      return new Map(await Promise.all(readings));
    },
    async deadLetters(limit) {
      const program = join(REPOSITORY, 'apps', 'deadletters', 'main.ts');
      const args = [program, 'list', '--json', '--limit', String(limit)];
      return JSON.parse(await run(process.execPath, args, { env, timeoutMs: TIMEOUT_MS })) as DeadLetter[];
    },
  };
}

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
}

/** Prints the metrics of the process that the pod runs. */
const READ_METRICS =
  "process.stdout.write(await (await fetch('http://127.0.0.1:' + (process.env.METRICS_PORT ?? 9464) + '/metrics')).text())";

/** The consumers of a stack in a cluster, in its namespace. */
export function clusterConsumers(kubectl: Kubectl, namespace: string): Consumers {
  const read = async (pod: string) => {
    const command = ['node', '--input-type=module', '--eval', READ_METRICS];
    const text = await kubectl.exec(namespace, pod, command, { timeoutMs: TIMEOUT_MS });
    return countOf(pod, readingOf('consumer', parsePrometheus(text)));
  };
  const losses = async () => {
    const select = ['--selector', 'app.kubernetes.io/name=consumer', '--field-selector', 'status.phase=Running'];
    const { items } = await kubectl.get<List<Pod>>(namespace, 'pods', ...select);
    const pods = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return new Map(await Promise.all(pods.map(({ metadata }) => read(metadata.name))));
  };
  return {
    // A pod that starts or ends meanwhile does not answer.
    losses: () => waitFor('every consumer answers', losses, { within: SETTLE_SECONDS, everyMs: 1_000 }),
    async deadLetters(limit) {
      const list = ['node', 'deadletters/main.ts', 'list', '--json', '--limit', String(Math.min(limit, MAX_IN_POD))];
      const text = await kubectl.exec(namespace, 'deployment/consumer', list, { timeoutMs: TIMEOUT_MS });
      return JSON.parse(text) as DeadLetter[];
    },
  };
}

/** @throws when the consumer does not say */
function countOf(name: string, { startedAt, gauges }: Reading): [process: string, records: number] {
  const records = gauges.get('lost');
  if (records === undefined) throw new Error(`the consumer ${name} does not say how many records it found lost`);
  return [`${name} since ${startedAt}`, records];
}

const unreachable = (address: string) => (cause: Error) => {
  throw new Error(`the consumer at ${address} does not answer: ${cause.message}`, { cause });
};
