// Prometheus in the cluster: what it may read, what it scrapes, and how much it keeps.
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { ruleFile } from '../../monitoring/alert-rules.ts';
import { ALERTMANAGER_PORT, ALLOY_PORT, GRAFANA_PORT, LOKI_PORT, PROMETHEUS_PORT } from '../../monitoring/ports.ts';
import { clusterPrometheusConfig } from '../../monitoring/prometheus-config.ts';
import { memoryOf } from '../images/memory.ts';
import { officialImage } from '../images/official-images.ts';
import type { Labels } from '../kubernetes/labels.ts';
import { serverProbes } from '../kubernetes/probes.ts';
import { dataMount, filesMount, Server } from '../kubernetes/server.ts';
import { Reader } from './reader.ts';

/** The user `nobody` of the official image. */
const USER_ID = 65_534;
const FILES = '/etc/prometheus';
const DATA = '/prometheus';
/** Share of the volume for the history; the rest is for the write-ahead log and compaction. */
const HISTORY_SHARE = 0.75;

export interface PrometheusArgs {
  /** The monitoring's own namespace. */
  readonly namespace: pulumi.Input<string>;
  /** Name of that namespace, known before it is created. */
  readonly namespaceName: string;
  /** Namespaces whose pods are scraped. */
  readonly watched: readonly string[];
  readonly config: StackConfig;
  readonly storageNodes?: Labels;
}

/** Prometheus on one pod with a volume: Service `prometheus`, port 9090. */
export class Prometheus extends pulumi.ComponentResource {
  constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Prometheus', name, {}, opts);
    const { config, namespace, watched } = args;
    const { monitoring, cluster } = config;
    const reader = new Reader(
      name,
      { namespace, namespaceName: args.namespaceName, watched, resources: ['pods'], nodeMetrics: true },
      { parent: this },
    );
    const { address } = new Server(
      name,
      {
        namespace,
        port: PROMETHEUS_PORT,
        files: {
          'prometheus.yml': clusterPrometheusConfig({
            scrapeSeconds: monitoring.scrapeSeconds,
            ruleFile: 'rules.yml',
            namespaces: watched,
            retention: {
              hours: monitoring.retentionHours,
              mebibytes: Math.floor(monitoring.volumeGiB * HISTORY_SHARE * 1024),
            },
            alertmanager: `alertmanager:${ALERTMANAGER_PORT}`,
            servers: {
              prometheus: `localhost:${PROMETHEUS_PORT}`,
              alertmanager: `alertmanager:${ALERTMANAGER_PORT}`,
              grafana: `grafana:${GRAFANA_PORT}`,
              loki: `loki:${LOKI_PORT}`,
              alloy: `alloy:${ALLOY_PORT}`,
            },
          }),
          'rules.yml': ruleFile(config, 'cluster'),
        },
        volume: {
          sizeGiB: monitoring.volumeGiB,
          storageClass: cluster.storageClass,
          storageNodes: args.storageNodes,
          protect: false,
        },
        pod: {
          config,
          userId: USER_ID,
          serviceAccount: reader.serviceAccount,
          terminationGraceSeconds: 60,
          containers: [
            {
              name: 'prometheus',
              image: officialImage('prometheus', config.images),
              args: [
                `--config.file=${FILES}/prometheus.yml`,
                `--storage.tsdb.path=${DATA}`,
                `--web.listen-address=:${PROMETHEUS_PORT}`,
              ],
              ports: [{ name: 'main', port: PROMETHEUS_PORT }],
              ...memoryOf('prometheus', monitoring.prometheusMemoryMiB),
              cpuMillis: 50,
              mounts: [dataMount(DATA), filesMount(FILES)],
              ...serverProbes('/-/ready', '/-/healthy'),
            },
          ],
        },
      },
      { parent: this, dependsOn: reader },
    );
    this.registerOutputs({ address });
  }
}
