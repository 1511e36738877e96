// Destroy leaves nothing behind: no container, volume, network, registry, kubeconfig or namespace.
import { existsSync } from 'node:fs';
import { CommandError, run } from '../../../tooling/run.ts';
import type { Context, Step } from '../context.ts';
import { checkDataPath } from '../data-path.ts';
import { clusterOf, dockerObjectsOf } from '../machine.ts';
import { changesNothing, describeChanges, succeeded } from '../operation.ts';
import { isOnAws } from '../plan.ts';
import type { RunningStack } from '../running-stack.ts';

/** Limit of docs/results.md. */
const DESTROY_SECONDS = 60;

export const destroy: Step = async (context) => {
  const { pulumi, options, check } = context;
  const stack = await context.stack().catch(() => undefined);
  const operation = succeeded('destroy', await pulumi.destroy());
  const limit = isOnAws(options.stack) ? undefined : DESTROY_SECONDS;
  context.took(`destroy (${describeChanges(operation)})`, operation.seconds, limit);
  if (options.existing) {
    if (stack) await nothingInCluster(context, stack);
    return;
  }
  const left = await dockerObjectsOf(options.stack);
  check('no container, volume or network is left', left.length === 0, left.join(', '));
  if (stack) check('no kubeconfig is left', !existsSync(stack.outputs.kubeconfigPath), stack.outputs.kubeconfigPath);
};

async function nothingInCluster({ check }: Context, { kubectl, namespace, apiNamespace }: RunningStack): Promise<void> {
  const names = (await kubectl.text(['get', 'namespaces', '--output', 'name'])).split('\n');
  const left = names.filter((name) =>
    [namespace, apiNamespace, `${namespace}-monitoring`].includes(name.replace('namespace/', '')),
  );
  check('no namespace is left', left.length === 0, left.join(', '));
}

/** Deletes what `destroy` left on this machine. Anything found is a failure. */
export async function sweep({ options, check, say }: Pick<Context, 'options' | 'check' | 'say'>): Promise<void> {
  if (options.existing) return;
  const left = await dockerObjectsOf(options.stack);
  check('destroy left nothing to sweep up', left.length === 0, left.join(', '));
  if (left.length === 0) return;
  const name = clusterOf(options.stack);
  for (const args of [
    ['cluster', 'delete', name],
    ['registry', 'delete', `k3d-${name}-registry`],
  ])
    await run('k3d', args).catch((error) => say(`    ${error instanceof CommandError ? error.message : error}`));
}

export const gone: Step = async (context) => {
  const { pulumi, check, options } = context;
  await run('k3d', ['cluster', 'delete', clusterOf(options.stack)]);
  const refreshed = succeeded('refresh without a cluster', await pulumi.refresh());
  check('refresh notices the missing cluster', !changesNothing(refreshed), describeChanges(refreshed));
  const operation = succeeded('up without a cluster', await pulumi.up());
  context.took(`up creates another (${describeChanges(operation)})`, operation.seconds);
  await checkDataPath(context);
};
