// Namespaces: one for the servers and the apps, and one for the API alone. A kernel setting that
// Pod Security forbids then loosens the level for the API's pods only.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { createPullSecret } from '../images/pull-secret.ts';
import { type Labels, labelsOf } from './labels.ts';

/** @see https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type PodSecurityLevel = 'restricted' | 'privileged';

/** Which of the stack's namespaces: the API's, or the main one of everything else. */
export type Where = 'main' | 'api';

/** Name of the API's namespace. @param main `cluster:namespace` */
export const apiNamespaceOf = (main: string): string => `${main}-api`;

/** Name of the namespace of Prometheus, Grafana and the like. @param main `cluster:namespace` */
export const monitoringNamespaceOf = (main: string): string => `${main}-monitoring`;

/**
 * Host name of a Service. It omits the cluster's domain, which is not `cluster.local` everywhere.
 */
export const hostOf = (service: string, namespace: string): string => `${service}.${namespace}.svc`;

/**
 * Labels that make the cluster enforce a level. Whatever `restricted` forbids is warned about and
 * audited at any level, so that each deployment names a loosened namespace.
 */
export const podSecurityLabels = (level: PodSecurityLevel): Labels => ({
  'pod-security.kubernetes.io/enforce': level,
  'pod-security.kubernetes.io/audit': 'restricted',
  'pod-security.kubernetes.io/warn': 'restricted',
});

/** Arguments of Namespaces. */
export interface NamespacesArgs {
  /** `cluster:namespace`. The API's namespace is called `<name>-api`. */
  readonly name: string;
  /** `privileged` only if `cluster:sysctls` has settings that `restricted` forbids. */
  readonly apiLevel: PodSecurityLevel;
  readonly config: Pick<StackConfig, 'images'>;
}

/** The stack's namespaces. Monitoring and KEDA create their own. */
export class Namespaces extends pulumi.ComponentResource implements Record<Where, pulumi.Output<string>> {
  /** Name of the namespace of the servers, and of all apps except the API. */
  readonly main: pulumi.Output<string>;
  /** Name of the API's namespace. */
  readonly api: pulumi.Output<string>;

  constructor(name: string, args: NamespacesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:namespaces:Namespaces', name, {}, opts);
    const child = { parent: this };
    const namespace = (where: Where, fullName: string, level: PodSecurityLevel) => {
      const created = new k8s.core.v1.Namespace(
        `${name}-${where}`,
        { metadata: { name: fullName, labels: { ...labelsOf(name), ...podSecurityLabels(level) } } },
        child,
      ).metadata.name;
      createPullSecret(`${name}-${where}-pull`, { namespace: created, config: args.config }, child);
      return created;
    };

    this.main = namespace('main', args.name, 'restricted');
    this.api = namespace('api', apiNamespaceOf(args.name), args.apiLevel);
    this.registerOutputs({ main: this.main, api: this.api });
  }
}
