// The guard: keeps the config that the stack is up with, and refuses at preview what a change must not do. A Pulumi program sees only the
// new config; a dynamic resource's `check` sees the old one as well.
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { ask } from './ask.ts';
import { questions, refusals } from './rules.ts';
import { type Guarded, guardedValues } from './values.ts';

/** What the guard keeps in the state: the values, and the way to ask the running stack about them. */
interface GuardState extends Guarded {
  readonly kubeconfig: string;
  readonly context: string;
}

/** All refusals as one text, so that the preview shows them together. */
export const refusalText = (found: readonly { readonly key: string; readonly reason: string }[]): string =>
  `${found.length === 1 ? 'a change of the config is' : `${found.length} changes of the config are`} refused; nothing was changed:\n${found
    .map(({ key, reason }) => `  ${key}: ${reason}`)
    .join('\n')}`;

const isSame = (old: GuardState, next: GuardState): boolean =>
  [...new Set([...Object.keys(old), ...Object.keys(next)])]
    .filter((key) => key !== '__provider')
    .every((key) => old[key as keyof GuardState] === next[key as keyof GuardState]);

/** The guard's life: it is a note in the state, and `check` is where it speaks. */
export const guardProvider: pulumi.dynamic.ResourceProvider<GuardState, GuardState> = {
  async check(old: Partial<GuardState> | undefined, next) {
    // Nothing is up yet.
    if (old?.['cluster:namespace'] === undefined) return { inputs: next };
    const before = old as GuardState;
    const facts = await ask(questions(before, next), {
      kubeconfig: before.kubeconfig,
      context: before.context,
      namespace: before['cluster:namespace'],
      apiPort: before['api:port'],
    });
    const found = refusals(before, next, facts);
    return { inputs: next, failures: found.length === 0 ? [] : [{ property: '', reason: refusalText(found) }] };
  },
  async diff(_id, old, next) {
    return { changes: !isSame(old, next) };
  },
  async create(inputs) {
    return { id: 'guard', outs: inputs };
  },
  async update(_id, _old, next) {
    return { outs: next };
  },
};

/** What the guard needs. */
export interface GuardArgs {
  readonly config: StackConfig;
  /** Path of the kubeconfig that leads to the cluster. */
  readonly kubeconfig: pulumi.Input<string>;
  /** Context in it. */
  readonly context: pulumi.Input<string>;
}

/**
 * Refuses, at preview, changes of the config that would lose data or cannot be done (docs/config.md, "effect of a change"). Whatever
 * holds data must depend on it, so that nothing changes before it has agreed, even without a preview.
 */
export class Guard extends pulumi.dynamic.Resource {
  constructor(name: string, { config, kubeconfig, context }: GuardArgs, opts?: pulumi.CustomResourceOptions) {
    super(guardProvider, name, { ...guardedValues(config), kubeconfig, context }, opts, 'breakwater', 'Guard');
  }
}
