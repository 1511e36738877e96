// The gate: MongoDB's disk, as a proxy that lets `mongo:iops` operations a second through. In front of the MongoDB in the
// cluster only; one outside has a disk of its own.
import * as pulumi from '@pulumi/pulumi';
import { type Addresses, gateEnvironment } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';
import { Workload } from '../kubernetes/workload.ts';

/** Measured: 27 MiB at rest, 70 with 60 connections and messages of 4 MB, which it passes on in pieces. */
const MEMORY_MIB = 128;

/** Arguments of Gate. */
export interface GateArgs {
  readonly namespace: pulumi.Input<string>;
  /** Image by digest. */
  readonly image: pulumi.Input<string>;
  readonly config: StackConfig;
  readonly addresses: Addresses;
}

/** The gate: Service `gate`, port `gate:port`; its statistics on the metrics port. */
export class Gate extends pulumi.ComponentResource {
  constructor(name: string, args: GateArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:gate:Gate', name, {}, opts);
    const { addresses, config, image, namespace } = args;
    new Workload(
      name,
      {
        namespace,
        image,
        environment: gateEnvironment(config, addresses),
        port: config.gate.port,
        replicas: 1,
        // Two at once would be two disks: twice the limit, and no single witness.
        recreate: true,
        memoryMiB: MEMORY_MIB,
        cpuMillis: 50,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
