// What the guard asks of the running stack, through kubectl: what the queue holds, and which versions of Kafka have run.
// No class, no import at the top: Pulumi serializes these functions into the stack's state, and they run from there.

/** What the queue holds; an error where nobody could say, with the reason. */
export type QueueAnswer =
  | {
      /** Records accepted and not yet stored. */
      readonly lag: number;
      /** Records that MongoDB refused and nobody replayed or dropped. */
      readonly deadLetters: number;
      /** Records accepted between two looks at it: more than 0 means that somebody still writes. */
      readonly arriving: number;
    }
  | { readonly error: string };

/** Versions that the brokers' pods run or ran, such as `4.1.1`; an error where nobody could say. */
export type BrokersAnswer = { readonly versions: readonly string[] } | { readonly error: string };

/** What the running stack answered; only what `questions` names is asked. */
export interface Facts {
  readonly queue?: QueueAnswer;
  readonly brokers?: BrokersAnswer;
}

/** The way to the running stack. */
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

/** Runs kubectl with the arguments and gives what it prints. */
export type Kubectl = (args: readonly string[]) => Promise<string>;

const runKubectl: Kubectl = (args) => {
  const { execFile } = require('node:child_process') as typeof import('node:child_process');
  return new Promise((resolve, reject) => {
    execFile('kubectl', [...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const [line] = stderr.trim().split('\n').slice(-1);
      reject(new Error(line === undefined || line === '' ? error.message : line));
    });
  });
};

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs in the API's pod. Two looks, further apart than the second for which the API repeats an answer. */
const twoLooks = (port: number): string => `
const look = async () => (await fetch('http://127.0.0.1:${port}/api/stats', { signal: AbortSignal.timeout(5000) })).json();
(async () => {
  const first = await look();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  console.log(JSON.stringify([first, await look()]));
})();`;

/** What the API prints of the queue, read. */
export function queueAnswer(printed: string): QueueAnswer {
  const [first, last] = JSON.parse(printed) as readonly { readonly [number: string]: unknown }[];
  const before = first?.accepted;
  const { lag, deadLetters, accepted } = last ?? {};
  if (typeof lag !== 'number' || typeof deadLetters !== 'number') return { error: 'the queue does not answer the API' };
  if (typeof accepted !== 'number' || typeof before !== 'number') return { error: 'the queue does not answer the API' };
  return { lag, deadLetters, arriving: accepted - before };
}

interface Pods {
  readonly items: readonly {
    readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
    readonly status?: {
      readonly containerStatuses?: readonly {
        readonly name: string;
        readonly restartCount: number;
        readonly state?: { readonly waiting?: object };
      }[];
    };
  }[];
}

/** The versions of Kafka that the pods run or ran; a container that never started (its image is not there) does not count. */
export function brokersAnswer(printed: string): { readonly versions: readonly string[] } {
  const { items } = JSON.parse(printed) as Pods;
  const versions = items.flatMap(({ spec, status }) => {
    const state = status?.containerStatuses?.find(({ name }) => name === 'kafka');
    const image = spec.containers.find(({ name }) => name === 'kafka')?.image ?? '';
    const neverStarted = state === undefined || (state.state?.waiting !== undefined && state.restartCount === 0);
    return neverStarted ? [] : (/:(\d+\.\d+\.\d+)/.exec(image)?.[1] ?? []);
  });
  return { versions };
}

/** Asks the running stack. Whoever does not answer is an error with the reason, never an exception. */
export async function ask(
  questions: readonly (keyof Facts)[],
  access: Access,
  kubectl: Kubectl = runKubectl,
): Promise<Facts> {
  const { kubeconfig, context, namespace, apiPort } = access;
  const cluster = [`--kubeconfig=${kubeconfig}`, `--context=${context}`, '--request-timeout=20s'];
  const queue = async (): Promise<QueueAnswer> =>
    queueAnswer(
      await kubectl([
        ...cluster,
        `--namespace=${namespace}-api`,
        'exec',
        'deploy/api',
        '--container=api',
        '--',
        'node',
        '-e',
        twoLooks(apiPort),
      ]),
    );
  const brokers = async (): Promise<BrokersAnswer> =>
    brokersAnswer(
      await kubectl([
        ...cluster,
        `--namespace=${namespace}`,
        'get',
        'pods',
        '--selector=app.kubernetes.io/name=kafka',
        '--output=json',
      ]),
    );
  const orError = <T>(answer: Promise<T>) => answer.catch((error: unknown) => ({ error: reason(error) }));
  return {
    ...(questions.includes('queue') && { queue: await orError(queue()) }),
    ...(questions.includes('brokers') && { brokers: await orError(brokers()) }),
  };
}
