// ConsumerScaler: KEDA's orders for the consumer: as many pods as the queue's length asks for, none when it is empty.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Addresses } from '../../config/environment.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import type { SecretFile } from '../kubernetes/pod.ts';
import { behavior } from './behavior.ts';
import { type QueueTriggerConfig, queueTrigger } from './triggers.ts';

/** What the scaler needs. */
export interface ConsumerScalerArgs {
  /** Namespace of the consumer. */
  readonly namespace: pulumi.Input<string>;
  /** Name of the consumer's Deployment. */
  readonly deployment: pulumi.Input<string>;
  readonly config: QueueTriggerConfig;
  /** Where the queue's server is, as KEDA sees it from its own namespace: names with theirs. */
  readonly addresses: Addresses;
  /** What the consumer itself logs in to the queue's server with; empty where it asks for nothing. */
  readonly login: readonly SecretFile[];
}

/**
 * Scales the consumer. Give it `dependsOn` KEDA and the consumer: it must go before KEDA does, which alone can let go of it.
 */
export class ConsumerScaler extends pulumi.ComponentResource {
  constructor(name: string, args: ConsumerScalerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:autoscaling:ConsumerScaler', name, {}, opts);
    const { namespace, config, login } = args;
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
            // KEDA keeps what it read until something tells it: another name does, as a new password makes one.
            { parent: this, replaceOnChanges: ['spec'] },
          )
        : undefined;

    new k8s.apiextensions.CustomResource(
      `${name}-object`,
      {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        metadata: { ...metadata, name: args.deployment },
        spec: {
          scaleTargetRef: { name: args.deployment },
          minReplicaCount: minReplicas,
          maxReplicaCount: maxReplicas,
          pollingInterval: pollingSeconds,
          cooldownPeriod: cooldownSeconds,
          advanced: { horizontalPodAutoscalerConfig: { behavior: behavior(cooldownSeconds) } },
          triggers: [
            {
              ...queueTrigger(config, args.addresses, login.length > 0),
              ...(authentication && { authenticationRef: { name: authentication.metadata.name } }),
            },
          ],
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
