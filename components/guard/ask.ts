// What the guard asks of the running stack, through kubectl: what the queue holds, and which
// versions of Kafka have run.
import { Kubectl, type List } from '../../tooling/cluster/kubectl.ts';
import { CommandError, type Run, runWithin } from '../../tooling/run.ts';

/** What the queue holds; an error with the reason where that is unknown. */
export type QueueAnswer =
  | {
      /** Records accepted and not yet stored. */
      readonly lag: number;
      /** Records that the store refused and that were not replayed or dropped. */
      readonly deadLetters: number;
      /** Records accepted between two readings: more than 0 means that clients still write. */
      readonly arriving: number;
    }
  | { readonly error: string };

/**
 * Versions that the brokers' pods run or ran, such as `4.1.1`; an error with the reason where that
 * is unknown.
 */
type BrokersAnswer = { readonly versions: readonly string[] } | { readonly error: string };

/** What the running stack answered. Only the parts in `questions` are asked for. */
export interface Facts {
  readonly queue?: QueueAnswer;
  readonly brokers?: BrokersAnswer;
}

/** How to reach the running stack. */
export interface Access {
  /** Path of the kubeconfig. */
  readonly kubeconfig: string;
  /** Context in it. */
  readonly context: string;
  /** `cluster:namespace` that the stack is up with. */
  readonly namespace: string;
  /** `api:port` that the stack is up with. */
  readonly apiPort: number;
}

/** Limit of a question, milliseconds. */
const ASK_MS = 30_000;

/** Why there is no answer, in one line. */
function reason(error: unknown): string {
  if (error instanceof CommandError) return error.reason || error.message;
  return error instanceof Error ? error.message : String(error);
}

/**
 * Runs in the API's pod. Reads twice, further apart than the second for which the API caches its
 * answer.
 */
const twoLooks = (port: number): string => `
const look = async () => (await fetch('http://127.0.0.1:${port}/api/stats', { signal: AbortSignal.timeout(5000) })).json();
(async () => {
  const first = await look();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  console.log(JSON.stringify([first, await look()]));
})();`;

/** Parses what the API prints about the queue. */
export function queueAnswer(printed: string): QueueAnswer {
  const [first, last] = JSON.parse(printed) as readonly { readonly [number: string]: unknown }[];
  const before = first?.accepted;
  const { lag, deadLetters, accepted } = last ?? {};
  if (typeof lag !== 'number' || typeof deadLetters !== 'number') return { error: 'the queue does not answer the API' };
  if (typeof accepted !== 'number' || typeof before !== 'number') return { error: 'the queue does not answer the API' };
  return { lag, deadLetters, arriving: accepted - before };
}

interface Pod {
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
  readonly status?: {
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly restartCount: number;
      readonly state?: { readonly waiting?: object };
    }[];
  };
}

/**
 * The versions of Kafka that the pods run or ran. A container that never started (missing image)
 * does not count.
 */
export function brokersAnswer({ items }: List<Pod>): { readonly versions: readonly string[] } {
  const versions = items.flatMap(({ spec, status }) => {
    const state = status?.containerStatuses?.find(({ name }) => name === 'kafka');
    const image = spec.containers.find(({ name }) => name === 'kafka')?.image ?? '';
    const neverStarted = state === undefined || (state.state?.waiting !== undefined && state.restartCount === 0);
    return neverStarted ? [] : (/:(\d+\.\d+\.\d+)/.exec(image)?.[1] ?? []);
  });
  return { versions };
}

/**
 * Asks the running stack. A part that does not answer is an error with the reason, never an
 * exception.
 */
export async function ask(
  questions: readonly (keyof Facts)[],
  access: Access,
  run: Run = runWithin(ASK_MS),
): Promise<Facts> {
  const { kubeconfig: kubeconfigPath, context, namespace, apiPort } = access;
  const kubectl = new Kubectl({ kubeconfigPath, context, requestTimeoutSeconds: 20 }, run);
  const inApi = ['exec', '--namespace', `${namespace}-api`, 'deployment/api', '--container', 'api', '--'];
  const queue = async (): Promise<QueueAnswer> =>
    queueAnswer(await kubectl.text([...inApi, 'node', '-e', twoLooks(apiPort)]));
  const brokers = async (): Promise<BrokersAnswer> =>
    brokersAnswer(await kubectl.get<List<Pod>>(namespace, 'pods', '--selector=app.kubernetes.io/name=kafka'));
  const orError = <T>(answer: Promise<T>) => answer.catch((error: unknown) => ({ error: reason(error) }));
  return {
    ...(questions.includes('queue') && { queue: await orError(queue()) }),
    ...(questions.includes('brokers') && { brokers: await orError(brokers()) }),
  };
}
