// Changes the config of the running stack, as a person does, and looks at what that did to the pods.

import { secondsSince, waitFor } from '../../tooling/poll.ts';
import type { Context } from './context.ts';
import { describeChanges, type Operation, succeeded } from './operation.ts';
import { isReady, rolledComponents } from './running-stack.ts';

export interface Expected {
  /** Components whose pods are replaced; those of all others stay. */
  readonly rolls: readonly string[];
  /** Most seconds from `config set` until all pods are ready. */
  readonly limitSeconds?: number;
}

/** Sets the config, runs `up`, and waits until every pod is ready. @throws Error when `up` fails */
export async function apply(
  context: Context,
  config: Readonly<Record<string, string>>,
  { rolls, limitSeconds }: Expected,
): Promise<Operation> {
  const shown = Object.entries(config)
    .map((pair) => pair.join(' '))
    .join(', ');
  const stack = await context.stack();
  const before = await stack.pods();
  const begun = performance.now();
  await context.pulumi.set(config);
  const operation = succeeded(`up after ${shown}`, await context.pulumi.up());
  const after = await waitFor(
    'every pod is ready',
    async () => {
      const pods = await stack.pods();
      return pods.every(isReady) && pods;
    },
    { within: 120, signal: context.signal },
  );
  context.took(`${shown}, until all pods are ready (${describeChanges(operation)})`, secondsSince(begun), limitSeconds);
  const rolled = rolledComponents(before, after);
  const wanted = [...rolls].sort();
  context.check(
    `pods replaced: ${wanted.join(', ') || 'none'}`,
    rolled.join() === wanted.join(),
    rolled.join() === wanted.join() ? '' : `found ${rolled.join(', ') || 'none'}`,
  );
  return operation;
}
