// App: the apps that are a Workload and nothing else. Each is a row of a table.
import * as pulumi from '@pulumi/pulumi';
import {
  type Addresses,
  BACKUP_PORT,
  consumerEnvironment,
  type Environment,
  gateEnvironment,
  producerEnvironment,
} from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';
import type { AppImages } from '../images/app-images.ts';
import { type LoginServer, type Logins, loginFiles } from '../kubernetes/credentials.ts';
import { Workload, type WorkloadArgs } from '../kubernetes/workload.ts';
import { GATE_MEMORY_MIB, PRODUCER_MEMORY_MIB } from './memory.ts';

/** What every app is made from. */
export interface AppArgs {
  readonly namespace: pulumi.Input<string>;
  readonly images: Pick<AppImages, 'of'>;
  readonly config: StackConfig;
  readonly addresses: pulumi.Input<Addresses>;
  readonly logins: Partial<Logins>;
}

/** What distinguishes one app from another. */
interface Row {
  readonly type: string;
  readonly environment: (config: StackConfig, addresses: Addresses) => Environment;
  /** Servers that it logs in to. */
  readonly servers: readonly LoginServer[];
  readonly workload: (
    config: StackConfig,
  ) => Omit<WorkloadArgs, 'config' | 'namespace' | 'image' | 'environment' | 'secretFiles'>;
}

const rows = {
  // KEDA sets the number of consumers (autoscaling/scalers.ts).
  consumer: {
    type: 'breakwater:consumer:Consumer',
    environment: consumerEnvironment,
    servers: ['redis', 'kafka', 'mongo', 'mysql'],
    workload: ({ consumer }) => ({ callsAws: true, memoryMiB: consumer.memoryMiB }),
  },
  producer: {
    type: 'breakwater:producer:Producer',
    environment: producerEnvironment,
    servers: ['redis', 'kafka'],
    // A second producer would double `producer:rate`.
    workload: () => ({ callsAws: true, replicas: 1, recreate: true, memoryMiB: PRODUCER_MEMORY_MIB }),
  },
  gate: {
    type: 'breakwater:gate:Gate',
    environment: (config, addresses) =>
      gateEnvironment(config, addresses, config.backup.enabled ? { backupPort: BACKUP_PORT } : {}),
    servers: [],
    // A second gate would double `mongo:iops`.
    workload: ({ gate, backup }) => ({
      port: gate.port,
      ...(backup.enabled && { morePorts: { backup: BACKUP_PORT } }),
      replicas: 1,
      recreate: true,
      memoryMiB: GATE_MEMORY_MIB,
      cpuMillis: 50,
    }),
  },
} satisfies Record<string, Row>;

/** An app of the table. The component's name is that of its image and of its Deployment. */
export class App extends pulumi.ComponentResource {
  /** Name of the Deployment. */
  readonly deployment: pulumi.Output<string>;

  constructor(name: keyof typeof rows, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    const { type, environment, servers, workload }: Row = rows[name];
    super(type, name, {}, opts);
    const { namespace, images, config, addresses, logins } = args;
    this.deployment = new Workload(
      name,
      {
        config,
        namespace,
        image: images.of(name),
        environment: pulumi.output(addresses).apply((known) => environment(config, known)),
        secretFiles: loginFiles(logins, 'main', servers),
        ...workload(config),
      },
      { parent: this },
    ).deployment;
    this.registerOutputs({ deployment: this.deployment });
  }
}
