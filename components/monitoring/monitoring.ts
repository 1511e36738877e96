// The monitoring in a namespace of its own: Prometheus, Alertmanager, Grafana, Loki and its
// collector Alloy; and the exporters beside their servers.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { PROMETHEUS_PORT } from '../../monitoring/ports.ts';
import { createPullSecret } from '../images/pull-secret.ts';
import type { Credentials } from '../kubernetes/credentials.ts';
import { type Labels, labelsOf } from '../kubernetes/labels.ts';
import { apiNamespaceOf, monitoringNamespaceOf, podSecurityLabels } from '../kubernetes/namespaces.ts';
import { Alertmanager } from './alertmanager.ts';
import { Alloy } from './alloy.ts';
import { Exporters } from './exporters.ts';
import { Grafana } from './grafana.ts';
import { Loki } from './loki.ts';
import { monitoringPolicies } from './policies.ts';
import { Prometheus } from './prometheus.ts';

/** Address of Prometheus for pods of any namespace. */
export const prometheusUrlOf = (main: string): string =>
  `http://prometheus.${monitoringNamespaceOf(main)}.svc:${PROMETHEUS_PORT}`;

/** Arguments of Monitoring. */
export interface MonitoringArgs {
  readonly config: StackConfig;
  /** Namespace of the servers and apps. */
  readonly namespace: pulumi.Input<string>;
  /** Logins of the servers that are in the cluster, for their exporters. */
  readonly logins: {
    readonly redis?: Pick<Credentials, 'clientSecret'>;
    readonly mongo?: Pick<Credentials, 'clientSecret'>;
  };
  /** Labels of the nodes that may hold volumes. @default all nodes */
  readonly storageNodes?: Labels;
}

/** The monitoring of a stack. */
export class Monitoring extends pulumi.ComponentResource {
  /** Address of Grafana. */
  readonly grafanaUrl: string;
  /** Password of Grafana's user `admin`; a secret. */
  readonly grafanaPassword: pulumi.Output<string>;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Monitoring', name, {}, opts);
    const { config, storageNodes } = args;
    const main = config.cluster.namespace;
    const namespaceName = monitoringNamespaceOf(main);
    const watched = [main, apiNamespaceOf(main)];
    const labels = { ...labelsOf(name) };
    const child = { parent: this };

    const namespace = new k8s.core.v1.Namespace(
      name,
      { metadata: { name: namespaceName, labels: { ...labels, ...podSecurityLabels('restricted') } } },
      child,
    ).metadata.name;
    const closed = Object.entries(monitoringPolicies(config)).map(
      ([policy, spec]) =>
        new k8s.networking.v1.NetworkPolicy(
          `${name}-${policy}`,
          { metadata: { name: policy, namespace, labels }, spec },
          child,
        ),
    );
    const pull = createPullSecret(`${name}-pull`, { namespace, config }, child);
    const placed = { ...child, dependsOn: [...closed, ...(pull ? [pull] : [])] };

    new Prometheus('prometheus', { namespace, namespaceName, watched, config, storageNodes }, placed);
    new Alertmanager('alertmanager', { namespace, config }, placed);
    new Loki('loki', { namespace, config, storageNodes }, placed);
    new Alloy('alloy', { namespace, namespaceName, watched, config }, placed);
    new Exporters('exporters', { namespace: args.namespace, config, logins: args.logins }, child);
    const grafana = new Grafana('grafana', { namespace, config }, placed);
    this.grafanaUrl = grafana.url;
    this.grafanaPassword = grafana.password;
    this.registerOutputs({ namespace, grafanaUrl: this.grafanaUrl, grafanaPassword: this.grafanaPassword });
  }
}
