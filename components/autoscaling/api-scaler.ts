// ApiScaler: as many API pods as the load asks for, by their CPU, or by the latency that users see.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import { behavior } from './behavior.ts';
import { latencyTrigger } from './triggers.ts';

/** What the scaler needs. */
export interface ApiScalerArgs {
  /** Namespace of the API. */
  readonly namespace: pulumi.Input<string>;
  /** Name of the API's Deployment. */
  readonly deployment: pulumi.Input<string>;
  readonly config: Pick<StackConfig, 'hpa'>;
  /** Address of Prometheus, `http://host:port`; read with `hpa:metric latency` only. */
  readonly prometheus: string;
}

/**
 * Scales the API. With `hpa:metric latency` give it `dependsOn` KEDA: it must go before KEDA does, which alone can let go of it.
 */
export class ApiScaler extends pulumi.ComponentResource {
  constructor(name: string, args: ApiScalerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:autoscaling:ApiScaler', name, {}, opts);
    const { namespace, deployment, config } = args;
    const { metric, minReplicas, maxReplicas, targetCpuPercent, cooldownSeconds } = config.hpa;
    const metadata = { namespace, name: deployment, labels: { ...labelsOf(name) } };
    const child = { parent: this };

    if (metric === 'cpu')
      new k8s.autoscaling.v2.HorizontalPodAutoscaler(
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
      );
    else
      new k8s.apiextensions.CustomResource(
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
            triggers: [latencyTrigger(config, args.prometheus)],
          },
        },
        child,
      );
    this.registerOutputs({});
  }
}
