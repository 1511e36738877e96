// Says what the nodes pull while Pulumi waits for their pods.
import { Kubectl, type List } from '../../tooling/cluster/kubectl.ts';
import { type Run, run } from '../../tooling/run.ts';
import { describePulls, type PodEvent } from './pulls.ts';

const EVERY_MS = 10_000;

/** Where reports go. */
export interface PullListener {
  /** What is under way; replaces what was said before. */
  readonly onProgress: (text: string) => void;
  /** A pull that failed; each is reported once. */
  readonly onFailure: (text: string) => void;
}

/** Polls the cluster for as long as the program runs. It keeps nothing waiting. */
export class PullProgress {
  readonly #kubectl: Kubectl;
  readonly #listener: PullListener;
  readonly #begun: Date;
  readonly #reported = new Set<string>();
  #last = '';

  constructor(
    cluster: { readonly kubeconfigPath: string; readonly context: string },
    listener: PullListener,
    { runWith = run, begun = new Date() }: { readonly runWith?: Run; readonly begun?: Date } = {},
  ) {
    this.#kubectl = new Kubectl({ ...cluster, requestTimeoutSeconds: 5 }, runWith);
    this.#listener = listener;
    this.#begun = begun;
  }

  start(): void {
    const poll = () => setTimeout(() => void this.report().finally(poll), EVERY_MS).unref();
    poll();
  }

  /** Reports what is new. A cluster that does not answer is not worth a word: Pulumi says so. */
  async report(now = new Date()): Promise<void> {
    const args = ['get', 'events', '--all-namespaces', '--field-selector=involvedObject.kind=Pod', '--output=json'];
    const printed = await this.#kubectl.text(args, { timeoutMs: EVERY_MS }).catch(() => '{"items":[]}');
    const { items } = JSON.parse(printed) as List<PodEvent>;
    const recent = items.filter(({ lastTimestamp }) => Date.parse(lastTimestamp ?? '') >= this.#begun.getTime());
    const { progress, failures } = describePulls(recent, now);
    if (progress !== this.#last && progress !== '') this.#listener.onProgress(progress);
    this.#last = progress;
    for (const failure of failures) {
      if (!this.#reported.has(failure)) this.#listener.onFailure(failure);
      this.#reported.add(failure);
    }
  }
}
