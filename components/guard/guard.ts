// The guard keeps the config that the stack is up with and refuses, at preview, changes that would
// lose data.
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { providerIn } from '../dynamic-provider.ts';
import type { GuardState } from './provider.ts';
import { guardedValues } from './values.ts';

/** What the guard needs. */
interface GuardArgs {
  readonly config: StackConfig;
  /** Path of the kubeconfig that leads to the cluster. */
  readonly kubeconfig: pulumi.Input<string>;
  /** Context in it. */
  readonly context: pulumi.Input<string>;
}

/**
 * Refuses, at preview, changes of the config that would lose data or cannot be done
 * (docs/config.md, "effect of a change"). Whatever holds data must depend on it, so that nothing
 * changes before it has agreed, even without a preview.
 */
export class Guard extends pulumi.dynamic.Resource {
  constructor(name: string, { config, kubeconfig, context }: GuardArgs, opts?: pulumi.CustomResourceOptions) {
    const provider = providerIn<GuardState, GuardState>('components/guard/provider.ts');
    super(provider, name, { ...guardedValues(config), kubeconfig, context }, opts, 'breakwater', 'Guard');
  }
}
