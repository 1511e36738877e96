// Namespaces: one for the servers and the apps, one for the API alone, so that a kernel setting which Pod Security forbids
// loosens it for the API's pods only.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { type Labels, labelsOf } from './labels.ts';

/** What Pod Security lets pods do: see https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type PodSecurityLevel = 'restricted' | 'privileged';

/** Arguments of Namespaces. */
export interface NamespacesArgs {
  /** `cluster:namespace`; the API's is called `<name>-api`. */
  readonly name: string;
  /** What the API's pods may do: `privileged` only where `cluster:sysctls` has settings that `restricted` refuses. */
  readonly apiLevel: PodSecurityLevel;
}

/** Name of the API's namespace beside the main one. */
export const apiNamespaceOf = (main: string): string => `${main}-api`;

/**
 * Labels that make the cluster enforce a level. What is beyond `restricted` is always warned of and audited, so that a
 * loosened namespace is named at each deployment.
 */
export const podSecurityLabels = (level: PodSecurityLevel): Labels => ({
  'pod-security.kubernetes.io/enforce': level,
  'pod-security.kubernetes.io/audit': 'restricted',
  'pod-security.kubernetes.io/warn': 'restricted',
});

/** The stack's namespaces. */
export class Namespaces extends pulumi.ComponentResource {
  /** Name of the namespace of the servers and of all apps but the API. */
  readonly main: pulumi.Output<string>;
  /** Name of the API's namespace. */
  readonly api: pulumi.Output<string>;

  constructor(name: string, args: NamespacesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:namespaces:Namespaces', name, {}, opts);
    const namespace = (child: string, fullName: string, level: PodSecurityLevel) =>
      new k8s.core.v1.Namespace(
        `${name}-${child}`,
        { metadata: { name: fullName, labels: { ...labelsOf(name), ...podSecurityLabels(level) } } },
        { parent: this },
      ).metadata.name;

    this.main = namespace('main', args.name, 'restricted');
    this.api = namespace('api', apiNamespaceOf(args.name), args.apiLevel);
    this.registerOutputs({});
  }
}
