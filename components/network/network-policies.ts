// Network policies of the main and API namespaces: only the flows of the table are open.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import { apiNamespaceOf, type Where } from '../kubernetes/namespaces.ts';
import { type Part, partsOf } from '../stack/parts.ts';
import { compilePolicies, DEFAULT_POLICIES, type PolicySpec } from './compile.ts';
import { flowsOf } from './flows.ts';

const whereIs = (part: Part): Where => (part === 'api' ? 'api' : 'main');

/** Policies by name, in each of the stack's namespaces. */
export function policiesOf(config: StackConfig): Readonly<Record<Where, Readonly<Record<string, PolicySpec>>>> {
  const main = config.cluster.namespace;
  const parts = [...partsOf(config)];
  const compiled = compilePolicies(
    {
      pods: parts,
      flows: flowsOf(config),
      namespaceOf: (part) => (whereIs(part) === 'api' ? apiNamespaceOf(main) : main),
    },
    main,
  );
  const inNamespace = (where: Where) => ({
    ...DEFAULT_POLICIES,
    ...Object.fromEntries(parts.filter((part) => whereIs(part) === where).map((part) => [part, compiled[part]])),
  });
  return { main: inNamespace('main'), api: inNamespace('api') };
}

/** Arguments of NetworkPolicies. */
export interface NetworkPoliciesArgs {
  readonly config: StackConfig;
  /** Names of the namespaces. */
  readonly namespaces: Readonly<Record<Where, pulumi.Input<string>>>;
}

/**
 * The policies. Pods must depend on them: a pod that starts without its policy is open.
 */
export class NetworkPolicies extends pulumi.ComponentResource {
  constructor(name: string, args: NetworkPoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:network:NetworkPolicies', name, {}, opts);
    const { config, namespaces } = args;
    const policies = policiesOf(config);
    for (const where of ['main', 'api'] as const)
      for (const [policy, spec] of Object.entries(policies[where]))
        new k8s.networking.v1.NetworkPolicy(
          `${name}-${where}-${policy}`,
          { metadata: { name: policy, namespace: namespaces[where], labels: { ...labelsOf(name) } }, spec },
          { parent: this },
        );
    this.registerOutputs({ main: Object.keys(policies.main), api: Object.keys(policies.api) });
  }
}
