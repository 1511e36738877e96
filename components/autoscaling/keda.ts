// Keda: the autoscaler that knows queues, from its own Helm chart.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { chartVersions } from '../images/official-images.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import { podSecurityLabels } from '../kubernetes/namespaces.ts';

const REPOSITORY = 'https://kedacore.github.io/charts';

/** What KEDA needs. */
export interface KedaArgs {
  /** Namespaces of what it scales. It sees no others, and reads no Secrets but theirs. */
  readonly watch: readonly pulumi.Input<string>[];
  readonly config: Pick<StackConfig, 'images' | 'charts'>;
}

/** Where the chart comes from: the public repository, or what `charts:keda` names (a folder, a package, `oci://…`). */
export function chartSource(location: string | undefined) {
  const version = chartVersions.keda;
  if (location === undefined) return { chart: 'keda', version, repositoryOpts: { repo: REPOSITORY } };
  return location.startsWith('oci://') ? { chart: location, version } : { chart: location };
}

/** One of its pods. Chart's limit of one core stays; its memory limit of 1,000 MiB is far more than it takes. */
const resources = (memoryMiB: number) => ({
  requests: { cpu: '10m', memory: `${memoryMiB}Mi` },
  limits: { memory: `${memoryMiB}Mi` },
});

/** Values of the chart: small, looking at our namespaces only, ready as soon as it is. */
export const chartValues = (watch: string, images: StackConfig['images']) => ({
  watchNamespace: watch,
  ...(images.mirror !== undefined && { global: { image: { registry: images.mirror } } }),
  image: { pullPolicy: 'IfNotPresent' },
  resources: { operator: resources(256), metricServer: resources(128) },
  // It would refuse wrong orders at kubectl's door. Ours are tested, and one pod less runs.
  webhooks: { enabled: false },
  // Deployments are all that it scales, and only the operator reads Secrets.
  rbac: { enabledCustomScaledRefKinds: false },
  permissions: { metricServer: { restrict: { secret: true } } },
  // The chart waits 20 s before it first asks.
  operator: { readinessProbe: { initialDelaySeconds: 2 } },
  metricsServer: { readinessProbe: { initialDelaySeconds: 2 } },
  prometheus: { operator: { enabled: true } },
  enableServiceLinks: false,
});

/** KEDA. What it scales must depend on it: its resource kinds come with it and go with it. */
export class Keda extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: KedaArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:autoscaling:Keda', name, {}, opts);
    const { watch, config } = args;
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: 'keda', labels: { ...labelsOf(name), ...podSecurityLabels('restricted') } } },
      { parent: this },
    ).metadata.name;
    this.release = new k8s.helm.v3.Release(
      name,
      {
        name: 'keda',
        namespace,
        ...chartSource(config.charts.keda),
        values: pulumi.output([...watch]).apply((namespaces) => chartValues(namespaces.join(','), config.images)),
        // A first try that failed is cleared away, so that the next can succeed.
        atomic: true,
        cleanupOnFail: true,
        timeout: 300,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
