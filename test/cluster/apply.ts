// Changes the config of the running stack as a user does, and checks which pods that replaced.

import { secondsSince, waitFor } from '../../tooling/poll.ts';
import type { Context } from './context.ts';
import { describeChanges, type Operation, succeeded } from './operation.ts';
import { isReady, rolledComponents } from './running-stack.ts';

export interface Expected {
  /** Components whose pods are replaced; all other pods stay. */
  readonly rolls: readonly string[];
  /** Upper limit from `config set` until every pod is ready. */
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
  context.took(`${shown}, until every pod is ready (${describeChanges(operation)})`, secondsSince(begun), limitSeconds);
  const rolled = rolledComponents(before, after);
  const wanted = [...rolls].sort();
  context.check(
    `pods replaced: ${wanted.join(', ') || 'none'}`,
    rolled.join() === wanted.join(),
    rolled.join() === wanted.join() ? '' : `found ${rolled.join(', ') || 'none'}`,
  );
  return operation;
}
