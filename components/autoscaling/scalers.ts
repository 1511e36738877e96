// The scalers: ConsumerScaler follows the length of the queue, ApiScaler the CPU or the latency.
// With KEDA, a scaler must depend on it: KEDA alone can remove the finalizer of a ScaledObject, so
// the scaler has to be deleted first.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Addresses } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import type { SecretFile } from '../kubernetes/pod.ts';
import { cpuTrigger, latencyTrigger, type QueueTriggerConfig, queueTriggers } from './triggers.ts';

/** Kubernetes evaluates an autoscaler this often. */
const SYNC_SECONDS = 15;

/**
 * How fast pods are added and removed. Each evaluation adds up to twice the current number, or four
 * pods. Removal waits for the cooldown, and then each evaluation removes a fifth of the pods, at
 * least one: removing all at once made the number swing between one and six under a steady load.
 *
 * @param cooldownSeconds how long fewer pods must have sufficed
 */
export const behavior = (cooldownSeconds: number) => ({
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 200, periodSeconds: SYNC_SECONDS },
      { type: 'Pods', value: 4, periodSeconds: SYNC_SECONDS },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: cooldownSeconds,
    policies: [{ type: 'Percent', value: 20, periodSeconds: SYNC_SECONDS }],
  },
});

/** What is scaled. */
interface Target {
  readonly namespace: pulumi.Input<string>;
  /** Name of the Deployment. */
  readonly deployment: pulumi.Input<string>;
}

/** Arguments of ConsumerScaler. */
export interface ConsumerScalerArgs extends Target {
  readonly config: QueueTriggerConfig;
  /**
   * Addresses of the servers. KEDA has a namespace of its own, so host names must include theirs.
   */
  readonly addresses: pulumi.Input<Addresses>;
  /** Address of the API, `http://host:port`, for the lag in records. */
  readonly api: string;
  /** Login of the queue's server; empty if it has no authentication. */
  readonly login: readonly SecretFile[];
}

/** As many consumers as the length of the queue requires; none when it is empty. */
export class ConsumerScaler extends pulumi.ComponentResource {
  constructor(name: string, args: ConsumerScalerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:autoscaling:ConsumerScaler', name, {}, opts);
    const { namespace, deployment, config, addresses, api, login } = args;
    const { minReplicas, maxReplicas, pollingSeconds, cooldownSeconds } = config.consumer;
    const metadata = { namespace, labels: { ...labelsOf(name) } };

    const authentication =
      login.length > 0
        ? new k8s.apiextensions.CustomResource(
            name,
            {
              apiVersion: 'keda.sh/v1alpha1',
              kind: 'TriggerAuthentication',
              metadata,
              spec: { secretTargetRef: login.map(({ secret, key }) => ({ parameter: key, name: secret, key })) },
            },
            // KEDA caches what it read, until a new password replaces this object under a new name.
            { parent: this, replaceOnChanges: ['spec'] },
          )
        : undefined;

    const scaledObject = new k8s.apiextensions.CustomResource(
      `${name}-object`,
      {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        metadata: { ...metadata, name: deployment },
        spec: {
          scaleTargetRef: { name: deployment },
          minReplicaCount: minReplicas,
          maxReplicaCount: maxReplicas,
          pollingInterval: pollingSeconds,
          cooldownPeriod: cooldownSeconds,
          advanced: { horizontalPodAutoscalerConfig: { behavior: behavior(cooldownSeconds) } },
          triggers: pulumi
            .output(addresses)
            .apply((known) =>
              queueTriggers(config, known, api, authentication && { name: authentication.metadata.name }),
            ),
        },
      },
      { parent: this },
    );
    this.registerOutputs({ scaledObject: scaledObject.metadata.name });
  }
}

/** Arguments of ApiScaler. */
export interface ApiScalerArgs extends Target {
  readonly config: Pick<StackConfig, 'hpa'>;
  /** Address of Prometheus, `http://host:port`. Not read with `hpa:metric cpu`. */
  readonly prometheus: string;
}

/** As many API pods as their CPU requires, or the latency that users see, or the larger of both. */
export class ApiScaler extends pulumi.ComponentResource {
  constructor(name: string, args: ApiScalerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:autoscaling:ApiScaler', name, {}, opts);
    const { namespace, deployment, config, prometheus } = args;
    const { metric, minReplicas, maxReplicas, targetCpuPercent, cooldownSeconds } = config.hpa;
    const metadata = { namespace, name: deployment, labels: { ...labelsOf(name) } };
    const child = { parent: this };

    const scaler =
      metric === 'cpu'
        ? new k8s.autoscaling.v2.HorizontalPodAutoscaler(
            name,
            {
              metadata,
              spec: {
                scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment },
                minReplicas,
                maxReplicas,
                metrics: [
                  {
                    type: 'Resource',
                    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: targetCpuPercent } },
                  },
                ],
                behavior: behavior(cooldownSeconds),
              },
            },
            child,
          )
        : new k8s.apiextensions.CustomResource(
            name,
            {
              apiVersion: 'keda.sh/v1alpha1',
              kind: 'ScaledObject',
              metadata,
              spec: {
                scaleTargetRef: { name: deployment },
                minReplicaCount: minReplicas,
                maxReplicaCount: maxReplicas,
                advanced: { horizontalPodAutoscalerConfig: { behavior: behavior(cooldownSeconds) } },
                triggers: [latencyTrigger(config, prometheus), ...(metric === 'both' ? [cpuTrigger(config)] : [])],
              },
            },
            child,
          );
    this.registerOutputs({ metric, scaler: scaler.metadata.name });
  }
}
