// Prometheus' configuration: what it scrapes, how often, and which rules it evaluates, for the
// local run and for a cluster.
import { stringify } from 'yaml';
import { externalMetrics } from './external-metrics.ts';

interface PrometheusBase {
  readonly scrapeSeconds: number;
  /** Path of the rule file, relative to the configuration. */
  readonly ruleFile: string;
}

/** Rules are evaluated at least this often: alerts look at minutes. */
const MAX_EVALUATION_SECONDS = 15;
/** A target that takes longer counts as down, however rarely it is scraped. */
const MAX_TIMEOUT_SECONDS = 10;

const global = ({ scrapeSeconds }: PrometheusBase) => ({
  scrape_interval: `${scrapeSeconds}s`,
  scrape_timeout: `${Math.min(scrapeSeconds, MAX_TIMEOUT_SECONDS)}s`,
  evaluation_interval: `${Math.min(scrapeSeconds, MAX_EVALUATION_SECONDS)}s`,
});

/** Addresses (`host:port`) by job and by the name of the process. */
export type StaticTargets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** For the local run, where each process has a port of its own. */
export const localPrometheusConfig = (base: PrometheusBase, targets: StaticTargets): string =>
  stringify({
    global: global(base),
    rule_files: [base.ruleFile],
    scrape_configs: Object.entries(targets).map(([job, addresses]) => ({
      job_name: job,
      static_configs: Object.entries(addresses).map(([instance, address]) => ({
        targets: [address],
        labels: { instance },
      })),
    })),
  });

export interface ClusterArgs extends PrometheusBase {
  /** Namespaces whose pods are scraped. */
  readonly namespaces: readonly string[];
  /** How much history is kept: whichever limit is reached first. */
  readonly retention: { readonly hours: number; readonly mebibytes: number };
  /** `host:port` of Alertmanager. */
  readonly alertmanager: string;
  /** `host:port` of the monitoring's own servers, by job. */
  readonly servers: Readonly<Record<string, string>>;
}

const kubelet = (job: string, path: string, namespaces: readonly string[]) => ({
  job_name: job,
  scheme: 'https',
  metrics_path: path,
  // In many clusters no authority that Prometheus knows has signed the kubelets' certificates.
  // Their metrics are no secret, and the token can only read metrics.
  tls_config: { insecure_skip_verify: true },
  authorization: { credentials_file: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
  kubernetes_sd_configs: [{ role: 'node' }],
  relabel_configs: [{ target_label: 'instance', source_labels: ['__meta_kubernetes_node_name'] }],
  metric_relabel_configs: [
    // The kubelets expose thousands of series; a handful is read.
    { action: 'keep', source_labels: ['__name__'], regex: externalMetrics.kubelet.join('|') },
    // The stack's pods and volumes, and the node as a whole.
    { action: 'keep', source_labels: ['namespace', 'id'], regex: `(${namespaces.join('|')});.*|;/` },
    // A pod has series of its own: with those of its containers it would be counted twice.
    { action: 'drop', source_labels: ['container'], regex: '.+' },
    { action: 'labeldrop', regex: 'name|image' },
    { target_label: 'node', source_labels: ['instance'] },
  ],
});

/**
 * For a cluster: every pod of the namespaces that has a container port called `metrics`, where the
 * job is the component's name and the instance the pod's; and the kubelets, for volumes, CPU and
 * memory.
 */
export const clusterPrometheusConfig = (args: ClusterArgs): string =>
  stringify({
    global: global(args),
    // Prometheus counts in powers of two. Versions before 3.8 know only the flags.
    storage: { tsdb: { retention: { time: `${args.retention.hours}h`, size: `${args.retention.mebibytes}MB` } } },
    rule_files: [args.ruleFile],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [args.alertmanager] }] }] },
    scrape_configs: [
      {
        job_name: 'pods',
        kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [...args.namespaces] } }],
        relabel_configs: [
          { action: 'keep', source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'metrics' },
          // Pods of finished jobs, and pods that have not started.
          { action: 'drop', source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Pending|Succeeded|Failed' },
          { target_label: 'job', source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name'] },
          { target_label: 'instance', source_labels: ['__meta_kubernetes_pod_name'] },
          { target_label: 'namespace', source_labels: ['__meta_kubernetes_namespace'] },
          { target_label: 'node', source_labels: ['__meta_kubernetes_pod_node_name'] },
        ],
      },
      ...Object.entries(args.servers).map(([job, address]) => ({
        job_name: job,
        static_configs: [{ targets: [address], labels: { instance: job } }],
      })),
      kubelet('kubelet', '/metrics', args.namespaces),
      kubelet('cadvisor', '/metrics/cadvisor', args.namespaces),
    ],
  });
