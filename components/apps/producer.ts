// The producer in the cluster: one pod that puts messages into the queue at `producer:rate`.
import * as pulumi from '@pulumi/pulumi';
import type { SecretFile } from '../kubernetes/pod.ts';
import { Workload } from '../kubernetes/workload.ts';

/** It takes 55 MiB with Redis, Kafka's client 65 more; the rest is for messages under way. */
const MEMORY_MIB = 192;

/** What the producer needs. */
export interface ProducerArgs {
  readonly namespace: pulumi.Input<string>;
  /** Image by digest. */
  readonly image: pulumi.Input<string>;
  /** `producerEnvironment` of the config: the rate is part of it, so that a change of it rolls this pod and no other. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secretFiles: readonly SecretFile[];
}

/** The producer. The component's name is the Deployment's, which `npm run rate` forwards a port to. */
export class Producer extends pulumi.ComponentResource {
  readonly workload: Workload;

  constructor(name: string, args: ProducerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:producer:Producer', name, {}, opts);
    this.workload = new Workload(
      name,
      // Two at once would make twice the rate: the old one stops first.
      { ...args, replicas: 1, recreate: true, memoryMiB: MEMORY_MIB },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
