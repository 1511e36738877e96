// Prometheus' configuration: what it asks, how often, and which rules it follows. One text for the local run, one for a cluster.
import { stringify } from 'yaml';

/** What both have. */
export interface PrometheusBase {
  readonly scrapeSeconds: number;
  /** Path of the rule file, from the configuration's folder. */
  readonly ruleFile: string;
}

/** Rules are evaluated at this pace at the slowest: alerts look at minutes. */
const EVALUATION_SECONDS = 15;

const global = ({ scrapeSeconds }: PrometheusBase) => ({
  scrape_interval: `${scrapeSeconds}s`,
  // A target that is slow to answer is still down in time for the next scrape.
  scrape_timeout: `${Math.min(scrapeSeconds, 10)}s`,
  evaluation_interval: `${Math.min(scrapeSeconds, EVALUATION_SECONDS)}s`,
});

/** Addresses (`host:port`) of a job's processes, by what each is called. */
export type StaticTargets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The local run's: every process at a port of its own. */
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
  /** Namespaces whose pods are asked. */
  readonly namespaces: readonly string[];
  /** `host:port` of Alertmanager. */
  readonly alertmanager: string;
  /** `host:port` of the monitoring's own servers, by job. */
  readonly servers: Readonly<Record<string, string>>;
}

/** What of the kubelets' metrics is kept: they have thousands of series, and we read six names. */
const KEPT = [
  'kubelet_volume_stats_(available|capacity)_bytes',
  'container_(cpu_usage_seconds_total|memory_working_set_bytes)',
  'container_fs_(usage|limit)_bytes',
].join('|');

const kubelet = (job: string, path: string, namespaces: readonly string[]) => ({
  job_name: job,
  scheme: 'https',
  metrics_path: path,
  // The kubelets' certificates are signed by nobody in particular in many clusters; what they tell is no secret, and the token
  // reads metrics only.
  tls_config: { insecure_skip_verify: true },
  authorization: { credentials_file: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
  kubernetes_sd_configs: [{ role: 'node' }],
  relabel_configs: [{ target_label: 'instance', source_labels: ['__meta_kubernetes_node_name'] }],
  metric_relabel_configs: [
    { action: 'keep', source_labels: ['__name__'], regex: KEPT },
    // Our pods, volumes of our claims, and the node as a whole.
    { action: 'keep', source_labels: ['namespace', 'id'], regex: `(${namespaces.join('|')});.*|;/` },
    // A pod's containers would count it twice: it has numbers of its own.
    { action: 'drop', source_labels: ['container'], regex: '.+' },
    { action: 'labeldrop', regex: 'name|image' },
    { target_label: 'node', source_labels: ['instance'] },
  ],
});

/**
 * A cluster's: every pod of the namespaces that has a container port called `metrics`; the job is the component's name, the
 * instance the pod's. And the kubelets, for volumes, CPU and memory.
 */
export const clusterPrometheusConfig = (args: ClusterArgs): string =>
  stringify({
    global: global(args),
    rule_files: [args.ruleFile],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [args.alertmanager] }] }] },
    scrape_configs: [
      {
        job_name: 'pods',
        kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [...args.namespaces] } }],
        relabel_configs: [
          { action: 'keep', source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'metrics' },
          // Jobs that are done, and pods that are not there yet.
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
