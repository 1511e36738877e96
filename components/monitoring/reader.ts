// Reader: a service account that may read pods in some namespaces, and nothing else.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf } from '../kubernetes/labels.ts';

export interface ReaderArgs {
  /** Namespace of the account. */
  readonly namespace: pulumi.Input<string>;
  /** Its name, known before it is created: part of the names of cluster-wide resources. */
  readonly namespaceName: string;
  /** Namespaces that it may read. */
  readonly watched: readonly string[];
  /** What it may read there. */
  readonly resources: readonly ('pods' | 'pods/log')[];
  /** Whether it may also read the metrics of every node's kubelet. @default false */
  readonly nodeMetrics?: boolean;
}

/** A service account with its roles. */
export class Reader extends pulumi.ComponentResource {
  /** Name of the account. */
  readonly serviceAccount: pulumi.Output<string>;

  constructor(name: string, args: ReaderArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Reader', name, {}, opts);
    const labels = { ...labelsOf(name) };
    const child = { parent: this };
    const account = new k8s.core.v1.ServiceAccount(
      name,
      { metadata: { name, namespace: args.namespace, labels }, automountServiceAccountToken: false },
      child,
    );
    this.serviceAccount = account.metadata.name;
    const subjects = [{ kind: 'ServiceAccount', name, namespace: args.namespaceName }];
    const apiGroup = 'rbac.authorization.k8s.io';

    for (const namespace of args.watched) {
      const metadata = { name: `monitoring-${name}`, namespace, labels };
      const role = new k8s.rbac.v1.Role(
        `${name}-${namespace}`,
        { metadata, rules: [{ apiGroups: [''], resources: [...args.resources], verbs: ['get', 'list', 'watch'] }] },
        child,
      );
      new k8s.rbac.v1.RoleBinding(
        `${name}-${namespace}`,
        { metadata, subjects, roleRef: { apiGroup, kind: 'Role', name: role.metadata.name } },
        child,
      );
    }
    if (args.nodeMetrics) {
      // Cluster-wide, so the name must differ between two stacks in one cluster.
      const metadata = { name: `${args.namespaceName}-${name}`, labels };
      const role = new k8s.rbac.v1.ClusterRole(
        name,
        {
          metadata,
          rules: [
            { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
            { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
          ],
        },
        child,
      );
      new k8s.rbac.v1.ClusterRoleBinding(
        name,
        { metadata, subjects, roleRef: { apiGroup, kind: 'ClusterRole', name: role.metadata.name } },
        child,
      );
    }
    this.registerOutputs({ serviceAccount: this.serviceAccount });
  }
}
