// Alloy: reads the logs of the stack's pods through the Kubernetes API and sends them to Loki. It
// needs no access to the nodes, so its namespace can be as restricted as the others.
import * as pulumi from '@pulumi/pulumi';
import { ALLOY_PORT } from '../../monitoring/ports.ts';
import { alloyConfig } from '../../monitoring/server-configs.ts';
import { memoryOf } from '../images/memory.ts';
import { officialImage } from '../images/official-images.ts';
import type { PodConfig } from '../kubernetes/pod.ts';
import { serverProbes } from '../kubernetes/probes.ts';
import { filesMount, Server } from '../kubernetes/server.ts';
import { Reader } from './reader.ts';

/** The user `alloy` of the official image. */
const USER_ID = 473;
const FILES = '/etc/breakwater';
const DATA = '/var/lib/alloy';

export interface AlloyArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of that namespace, known before it is created. */
  readonly namespaceName: string;
  /** Namespaces whose logs are collected. */
  readonly watched: readonly string[];
  readonly config: PodConfig;
}

/** Alloy on one pod. */
export class Alloy extends pulumi.ComponentResource {
  constructor(name: string, args: AlloyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Alloy', name, {}, opts);
    const { namespace, namespaceName, watched } = args;
    const child = { parent: this };
    const reader = new Reader(name, { namespace, namespaceName, watched, resources: ['pods', 'pods/log'] }, child);
    const { address } = new Server(
      name,
      {
        namespace,
        port: ALLOY_PORT,
        files: { 'config.alloy': alloyConfig(watched) },
        pod: {
          config: args.config,
          userId: USER_ID,
          serviceAccount: reader.serviceAccount,
          containers: [
            {
              name: 'alloy',
              image: officialImage('alloy', args.config.images),
              args: [
                'run',
                `--server.http.listen-addr=0.0.0.0:${ALLOY_PORT}`,
                `--storage.path=${DATA}`,
                '--disable-reporting',
                `${FILES}/config.alloy`,
              ],
              ports: [{ name: 'main', port: ALLOY_PORT }],
              ...memoryOf('alloy'),
              cpuMillis: 20,
              scratch: [{ path: DATA }],
              mounts: [filesMount(FILES)],
              // Not `/-/healthy`, which fails while Loki is away: a restart would lose what it holds.
              // https://grafana.com/docs/alloy/latest/reference/http/#--healthy
              ...serverProbes('/-/ready'),
            },
          ],
        },
      },
      { ...child, dependsOn: reader },
    );
    this.registerOutputs({ address });
  }
}
