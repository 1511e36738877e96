// How fast the pods of a stack in a cluster follow the load: from the load to the autoscaler's
// decision, and to pods that take traffic.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl } from '../tooling/cluster/kubectl.ts';
import { formatSeconds } from '../tooling/report/format.ts';

/** Pods of a Deployment at a moment. */
export interface Replicas {
  /** Seconds since the load began. */
  readonly t: number;
  /** Pods that the autoscaler wants. */
  readonly wanted: number;
  /** Pods that take traffic. */
  readonly ready: number;
}

/** How an app was scaled up. Times are seconds since the load began; null: not during the run. */
export interface Scaling {
  readonly app: string;
  /** Ready pods before the load, and the most during the run. */
  readonly before: number;
  readonly most: number;
  /** More pods were wanted. */
  readonly decided: number;
  /** The first of them took traffic. */
  readonly firstReady: number | null;
  /** The highest number of pods that was wanted took traffic. */
  readonly allReady: number | null;
}

/** @param moments each change, in order @returns null where no more pods were wanted */
export function scalingOf(app: string, moments: readonly Replicas[]): Scaling | null {
  const [first] = moments;
  const decision = moments.find(({ wanted }) => wanted > first!.wanted);
  if (first === undefined || decision === undefined) return null;
  const mostWanted = Math.max(...moments.map(({ wanted }) => wanted));
  const since = (pods: number) => moments.find(({ t, ready }) => t >= decision.t && ready >= pods)?.t ?? null;
  return {
    app,
    before: first.ready,
    most: Math.max(...moments.map(({ ready }) => ready)),
    decided: decision.t,
    firstReady: since(first.ready + 1),
    allReady: since(mostWanted),
  };
}

/** In words. */
export function describeScaling({ decided, firstReady, allReady }: Scaling): string {
  const when = (seconds: number | null) => (seconds === null ? 'not' : `after ${formatSeconds(seconds)}`);
  return `decided ${when(decided)}, first ready ${when(firstReady)}, all ready ${when(allReady)}`;
}

const RETRY_MS = 1_000;
const PRINT = 'jsonpath={.spec.replicas} {.status.readyReplicas}{"\\n"}';

/** Watches Deployments until it is stopped. A cluster that does not answer leaves gaps. */
export class ScalingWatch {
  readonly #kubectl: Kubectl;
  readonly #now: () => number;
  readonly #stopping = new AbortController();
  readonly #moments = new Map<string, Replicas[]>();
  readonly #watching: Promise<void>[];

  /**
   * @param apps namespaces of the Deployments
   * @param now seconds since the load began
   */
  constructor(kubectl: Kubectl, apps: Readonly<Record<string, string>>, now: () => number) {
    this.#kubectl = kubectl;
    this.#now = now;
    this.#watching = Object.entries(apps).map(([app, namespace]) => this.#watch(app, namespace));
  }

  /** May be called twice. @returns the apps of which more pods were wanted */
  async stop(): Promise<readonly Scaling[]> {
    this.#stopping.abort();
    await Promise.all(this.#watching);
    return [...this.#moments].flatMap(([app, moments]) => scalingOf(app, moments) ?? []);
  }

  async #watch(app: string, namespace: string): Promise<void> {
    const moments: Replicas[] = [];
    this.#moments.set(app, moments);
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let rest = '';
      const onOutput = (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          const [, wanted, ready] = /^(\d+) (\d*)$/.exec(line) ?? [];
          if (wanted !== undefined) moments.push({ t: this.#now(), wanted: Number(wanted), ready: Number(ready) });
        }
      };
      const watch = ['get', '--namespace', namespace, `deployment/${app}`, '--watch', '--output', PRINT];
      await this.#kubectl.text(watch, { signal, onOutput }).catch(() => undefined);
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
