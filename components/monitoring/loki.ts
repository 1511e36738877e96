// Loki: stores the logs of the stack's pods, on one pod with a volume.
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { LOKI_PORT } from '../../monitoring/ports.ts';
import { lokiConfig } from '../../monitoring/server-configs.ts';
import { memoryOf } from '../images/memory.ts';
import { officialImage } from '../images/official-images.ts';
import type { Labels } from '../kubernetes/labels.ts';
import { serverProbes } from '../kubernetes/probes.ts';
import { dataMount, filesMount, Server } from '../kubernetes/server.ts';

/** The user `loki` of the official image. */
const USER_ID = 10_001;
const FILES = '/etc/loki-files';
const DATA = '/loki';

export interface LokiArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  readonly storageNodes?: Labels;
}

/** Loki on one pod: Service `loki`, port 3100. */
export class Loki extends pulumi.ComponentResource {
  constructor(name: string, args: LokiArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Loki', name, {}, opts);
    const { config, namespace } = args;
    const { monitoring, cluster } = config;
    const { address } = new Server(
      name,
      {
        namespace,
        port: LOKI_PORT,
        files: { 'loki.yaml': lokiConfig(monitoring, DATA) },
        volume: {
          sizeGiB: monitoring.logVolumeGiB,
          storageClass: cluster.storageClass,
          storageNodes: args.storageNodes,
          protect: false,
        },
        pod: {
          config,
          userId: USER_ID,
          terminationGraceSeconds: 60,
          containers: [
            {
              name: 'loki',
              image: officialImage('loki', config.images),
              args: [`-config.file=${FILES}/loki.yaml`],
              ports: [{ name: 'main', port: LOKI_PORT }],
              ...memoryOf('loki', monitoring.lokiMemoryMiB),
              cpuMillis: 20,
              mounts: [dataMount(DATA), filesMount(FILES)],
              // Loki becomes ready about 15 s after it is alive. Not `/metrics`: the kubelet closes
              // the connection after 10 KiB of an answer, and Loki would log an error each time.
              ...serverProbes('/ready', '/services'),
            },
          ],
        },
      },
      { parent: this },
    );
    this.registerOutputs({ address });
  }
}
