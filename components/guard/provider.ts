// What the guard does when Pulumi checks, compares, creates or updates it. A Pulumi program sees
// only the new config; `check` sees the old one as well.
import type { DynamicProvider } from '../dynamic-provider.ts';
import { ask } from './ask.ts';
import { questions, refusals } from './rules.ts';
import type { Guarded } from './values.ts';

/** What the guard keeps in the state: the values, and how to reach the running stack. */
export interface GuardState extends Guarded {
  readonly kubeconfig: string;
  readonly context: string;
}

/** All refusals as one text, so that the preview shows them together. */
const refusalText = (found: readonly { readonly key: string; readonly reason: string }[]): string =>
  `${found.length === 1 ? 'a change of the config is' : `${found.length} changes of the config are`} refused; nothing was changed:\n${found
    .map(({ key, reason }) => `  ${key}: ${reason}`)
    .join('\n')}`;

const isSame = (old: GuardState, next: GuardState): boolean =>
  [...new Set([...Object.keys(old), ...Object.keys(next)])]
    .filter((key) => key !== '__provider')
    .every((key) => old[key as keyof GuardState] === next[key as keyof GuardState]);

/** The guard is a note in the state; `check` refuses. */
export const provider: DynamicProvider<GuardState, GuardState> = {
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
