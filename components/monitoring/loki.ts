// Loki: keeps the logs of the stack's pods, on one pod with a volume.
import * as pulumi from '@pulumi/pulumi';
import { stringify } from 'yaml';
import type { StackConfig } from '../../config/schema.ts';
import { officialImage } from '../images/official-images.ts';
import type { Labels } from '../kubernetes/labels.ts';
import { serverProbes } from '../kubernetes/probes.ts';
import { dataMount, filesMount, Server } from '../kubernetes/server.ts';
import { LOKI_PORT } from './ports.ts';

/** The user `loki` of the official image. */
const USER_ID = 10_001;
const FILES = '/etc/loki-files';
const DATA = '/loki';

/** One process that does everything, with its index and its chunks in files. */
export const lokiConfig = ({ logRetentionHours }: StackConfig['monitoring']): string =>
  stringify({
    auth_enabled: false,
    server: { http_listen_port: LOKI_PORT, log_level: 'warn' },
    common: {
      instance_addr: '127.0.0.1',
      path_prefix: DATA,
      storage: { filesystem: { chunks_directory: `${DATA}/chunks`, rules_directory: `${DATA}/rules` } },
      replication_factor: 1,
      ring: { kvstore: { store: 'inmemory' } },
    },
    schema_config: {
      configs: [
        {
          from: '2024-04-01',
          store: 'tsdb',
          object_store: 'filesystem',
          schema: 'v13',
          index: { prefix: 'index_', period: '24h' },
        },
      ],
    },
    // Without it nothing is ever deleted.
    compactor: {
      working_directory: `${DATA}/compactor`,
      retention_enabled: true,
      delete_request_store: 'filesystem',
    },
    limits_config: {
      retention_period: `${logRetentionHours}h`,
      ingestion_rate_mb: 8,
      ingestion_burst_size_mb: 16,
    },
    analytics: { reporting_enabled: false },
  });

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
        files: { 'loki.yaml': lokiConfig(monitoring) },
        volume: {
          sizeGiB: monitoring.logVolumeGiB,
          storageClass: cluster.storageClass,
          storageNodes: args.storageNodes,
          protect: false,
        },
        pod: {
          userId: USER_ID,
          terminationGraceSeconds: 60,
          containers: [
            {
              name: 'loki',
              image: officialImage('loki', config.images),
              args: [`-config.file=${FILES}/loki.yaml`],
              ports: [{ name: 'main', port: LOKI_PORT }],
              memoryMiB: monitoring.lokiMemoryMiB,
              cpuMillis: 20,
              mounts: [dataMount(DATA), filesMount(FILES)],
              // It is alive long before it is ready, which takes it a quarter of a minute. Not `/metrics`: the kubelet hangs up
              // after 10 KiB of an answer, and Loki would log each time that it could not write the rest.
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
