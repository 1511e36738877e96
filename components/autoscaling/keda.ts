// Keda: the autoscaler that scales on queues, from its own Helm chart.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { INSTALLER_LABEL } from '../cluster/requirements.ts';
import { chartSource } from '../images/charts.ts';
import { memoryOf, type OfficialContainer } from '../images/memory.ts';
import { createPullSecret } from '../images/pull-secret.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import { podSecurityLabels } from '../kubernetes/namespaces.ts';
import { type PodConfig, placement } from '../kubernetes/pod.ts';
import { START_SECONDS } from '../kubernetes/start-time.ts';

/** What KEDA needs. */
export interface KedaArgs {
  /** Namespaces in which it scales. It has access to no others, and to no other Secrets. */
  readonly watch: readonly pulumi.Input<string>[];
  readonly config: Pick<StackConfig, 'images' | 'charts' | 'cluster' | 'keda'>;
}

/**
 * Resources of a pod. The chart's CPU limit stays.
 */
const resources = (name: OfficialContainer) => {
  const { memoryMiB, memoryRequestMiB = memoryMiB } = memoryOf(name);
  return { requests: { cpu: '10m', memory: `${memoryRequestMiB}Mi` }, limits: { memory: `${memoryMiB}Mi` } };
};

/** Values of the chart: small, limited to our namespaces, with early probes. */
export const chartValues = (watch: string, { images, cluster, keda }: PodConfig & Pick<StackConfig, 'keda'>) => ({
  watchNamespace: keda.watchAll ? '' : watch,
  additionalLabels: { [INSTALLER_LABEL]: cluster.namespace },
  ...placement({ images, cluster }),
  ...(images.mirror !== undefined && { global: { image: { registry: images.mirror } } }),
  image: { pullPolicy: 'IfNotPresent' },
  resources: {
    operator: resources('keda-operator'),
    metricServer: resources('keda-operator-metrics-apiserver'),
  },
  // The webhooks would reject wrong ScaledObjects. Ours are tested, and this saves a pod.
  webhooks: { enabled: false },
  // It scales Deployments only, and only the operator reads Secrets.
  rbac: { enabledCustomScaledRefKinds: false },
  permissions: { metricServer: { restrict: { secret: true } } },
  // The chart's default is 20 seconds.
  operator: { readinessProbe: { initialDelaySeconds: 2 } },
  metricsServer: { readinessProbe: { initialDelaySeconds: 2 } },
  prometheus: { operator: { enabled: true } },
  enableServiceLinks: false,
});

/** KEDA. Scalers must depend on it: it installs and removes their resource kinds. */
export class Keda extends pulumi.ComponentResource {
  constructor(name: string, args: KedaArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:autoscaling:Keda', name, {}, opts);
    const { watch, config } = args;
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: 'keda', labels: { ...labelsOf(name), ...podSecurityLabels('restricted') } } },
      { parent: this },
    ).metadata.name;
    const pull = createPullSecret(`${name}-pull`, { namespace, config }, { parent: this });
    const release = new k8s.helm.v3.Release(
      name,
      {
        name: 'keda',
        namespace,
        ...chartSource('keda', config.charts.keda),
        values: pulumi.output([...watch]).apply((namespaces) => chartValues(namespaces.join(','), config)),
        // Not atomic: Helm would only say that time is up, and delete the pods that say why. The
        // next attempt upgrades a failed installation.
        cleanupOnFail: true,
        timeout: START_SECONDS,
      },
      { parent: this, dependsOn: pull ? [pull] : [] },
    );
    this.registerOutputs({ namespace, version: release.version });
  }
}
