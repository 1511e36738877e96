// The consumer in the cluster: a Workload whose number of pods is KEDA's (autoscaling/consumer-scaler.ts).
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import type { SecretFile } from '../kubernetes/pod.ts';
import { Workload } from '../kubernetes/workload.ts';

/** What the consumer needs. */
export interface ConsumerArgs {
  readonly namespace: pulumi.Input<string>;
  /** Image by digest. */
  readonly image: pulumi.Input<string>;
  /** `consumerEnvironment` of the config. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secretFiles: readonly SecretFile[];
  readonly config: Pick<StackConfig, 'consumer'>;
}

/** The consumers. The component's name is the Deployment's. */
export class Consumer extends pulumi.ComponentResource {
  readonly workload: Workload;

  constructor(name: string, args: ConsumerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:consumer:Consumer', name, {}, opts);
    const { config, ...rest } = args;
    this.workload = new Workload(name, { ...rest, memoryMiB: config.consumer.memoryMiB }, { parent: this });
    this.registerOutputs({});
  }
}
