// Grafana: the dashboards, provisioned from code and behind a login. It keeps nothing: what is not in the code is not there.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { stringify } from 'yaml';
import type { StackConfig } from '../../config/schema.ts';
import { dashboardFiles } from '../../monitoring/dashboards/dashboards.ts';
import { officialImage } from '../images/official-images.ts';
import { hostIngress, hostUrl } from '../kubernetes/ingress.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import { serverProbes } from '../kubernetes/probes.ts';
import { filesMount, Server } from '../kubernetes/server.ts';
import { ALERTMANAGER_PORT, GRAFANA_PORT, LOKI_PORT, PROMETHEUS_PORT } from './ports.ts';

/** The user `grafana` of the official image. */
const USER_ID = 472;
const FILES = '/etc/breakwater';

/** Part of the stack config that Grafana is made from. */
export type GrafanaConfig = Pick<StackConfig, 'monitoring' | 'images' | 'cluster' | 'queue' | 'kafka'>;

/** Address of Grafana. */
export const grafanaUrlOf = ({ monitoring, cluster }: Pick<StackConfig, 'monitoring' | 'cluster'>): string =>
  hostUrl(monitoring.host, cluster);

/** What Grafana finds when it starts: where the data is, and the dashboards. */
export function grafanaFiles(config: StackConfig): Readonly<Record<string, string>> {
  const source = (type: string, port: number, more: object = {}) => ({
    name: type[0]?.toUpperCase() + type.slice(1),
    uid: type,
    type,
    access: 'proxy',
    url: `http://${type}:${port}`,
    ...more,
  });
  const datasources = [
    source('prometheus', PROMETHEUS_PORT, {
      isDefault: true,
      // Grafana computes `$__rate_interval` from it.
      jsonData: { timeInterval: `${config.monitoring.scrapeSeconds}s`, httpMethod: 'POST' },
    }),
    source('loki', LOKI_PORT),
    source('alertmanager', ALERTMANAGER_PORT, { jsonData: { implementation: 'prometheus' } }),
  ];
  const provider = {
    name: 'breakwater',
    type: 'file',
    allowUiUpdates: false,
    options: { path: `${FILES}/dashboards` },
  };
  return {
    'provisioning/datasources/all.yaml': stringify({ apiVersion: 1, datasources }),
    'provisioning/dashboards/all.yaml': stringify({ apiVersion: 1, providers: [provider] }),
    ...Object.fromEntries(Object.entries(dashboardFiles(config)).map(([file, text]) => [`dashboards/${file}`, text])),
  };
}

/** Settings, as the environment that Grafana reads them from. Nothing is asked of the internet. */
export const grafanaEnvironment = (config: GrafanaConfig): Readonly<Record<string, string>> => ({
  GF_PATHS_PROVISIONING: `${FILES}/provisioning`,
  GF_PATHS_DATA: '/var/lib/grafana',
  GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${FILES}/dashboards/breakwater-overview.json`,
  GF_SERVER_HTTP_PORT: String(GRAFANA_PORT),
  GF_SERVER_ROOT_URL: grafanaUrlOf(config),
  GF_LOG_MODE: 'console',
  GF_LOG_LEVEL: 'warn',
  GF_USERS_ALLOW_SIGN_UP: 'false',
  GF_ANALYTICS_REPORTING_ENABLED: 'false',
  GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
  GF_NEWS_NEWS_FEED_ENABLED: 'false',
  GF_PLUGINS_PREINSTALL_DISABLED: 'true',
});

export interface GrafanaArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
}

/** Grafana on one pod, behind the ingress: Service `grafana`, port 3000. */
export class Grafana extends pulumi.ComponentResource {
  readonly url: string;
  /** Password of the user `admin`; a secret. */
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Grafana', name, {}, opts);
    const { namespace, config } = args;
    const { cluster, monitoring } = config;
    const labels = { ...labelsOf(name) };
    const child = { parent: this };

    this.url = grafanaUrlOf(config);
    this.password = new random.RandomPassword(`${name}-password`, { length: 24, special: false }, child).result;
    const login = new k8s.core.v1.Secret(
      `${name}-login`,
      {
        metadata: { namespace, labels },
        immutable: true,
        stringData: pulumi.secret({ password: this.password }),
      },
      child,
    );
    const server = new Server(
      name,
      {
        namespace,
        port: GRAFANA_PORT,
        files: grafanaFiles(config),
        pod: {
          userId: USER_ID,
          containers: [
            {
              name: 'grafana',
              image: officialImage('grafana', config.images),
              environment: grafanaEnvironment(config),
              // Grafana reads `<setting>__FILE`.
              secretFiles: [{ variable: 'GF_SECURITY_ADMIN_PASSWORD_', secret: login.metadata.name, key: 'password' }],
              ports: [{ name: 'main', port: GRAFANA_PORT }],
              memoryMiB: monitoring.grafanaMemoryMiB,
              cpuMillis: 20,
              scratch: [{ path: '/var/lib/grafana', sizeMiB: 256 }],
              mounts: [filesMount(FILES)],
              ...serverProbes('/api/health', '/api/health'),
            },
          ],
        },
      },
      child,
    );
    hostIngress(
      name,
      { metadata: { namespace, labels }, host: monitoring.host, ingressClass: cluster.ingressClass },
      { ...child, dependsOn: server },
    );
    this.registerOutputs({ url: this.url, password: this.password });
  }
}
