// Configuration of the monitoring's servers besides Prometheus: Alertmanager, Grafana, Loki, Alloy.
import { stringify } from 'yaml';
import type { StackConfig } from '../config/schema.ts';
import { dashboardFiles } from './dashboards/dashboards.ts';
import { ALERTMANAGER_PORT, GRAFANA_PORT, LOKI_PORT, PROMETHEUS_PORT } from './ports.ts';

/**
 * Where alerts are sent. Alerts of one kind are grouped; critical ones are repeated more often.
 *
 * @param webhookFile file that holds the address; undefined: alerts are shown but not sent
 */
export const alertmanagerConfig = (webhookFile: string | undefined): string =>
  stringify({
    route: {
      receiver: 'everybody',
      group_by: ['alertname'],
      group_wait: '10s',
      group_interval: '1m',
      repeat_interval: '12h',
      routes: [{ matchers: ['severity="critical"'], receiver: 'everybody', repeat_interval: '1h' }],
    },
    // Suppresses what follows from another alert.
    inhibit_rules: [
      { source_matchers: ['alertname="ApiMissing"'], target_matchers: ['alertname="TargetDown"', 'job="api"'] },
      { source_matchers: ['alertname="GateMissing"'], target_matchers: ['alertname="TargetDown"', 'job="gate"'] },
      { source_matchers: ['alertname="ErrorBudgetBurnFast"'], target_matchers: ['alertname="ErrorBudgetBurnSlow"'] },
    ],
    receivers: [
      {
        name: 'everybody',
        ...(webhookFile !== undefined && { webhook_configs: [{ url_file: webhookFile, send_resolved: true }] }),
      },
    ],
  });

/** Grafana's data sources and dashboards, by path below `folder`. */
export function grafanaFiles(config: StackConfig, folder: string): Readonly<Record<string, string>> {
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
    options: { path: `${folder}/dashboards` },
  };
  return {
    'provisioning/datasources/all.yaml': stringify({ apiVersion: 1, datasources }),
    'provisioning/dashboards/all.yaml': stringify({ apiVersion: 1, providers: [provider] }),
    ...Object.fromEntries(Object.entries(dashboardFiles(config)).map(([file, text]) => [`dashboards/${file}`, text])),
  };
}

/**
 * Plugins of Grafana's image that no dashboard uses. Each data source with a backend would be a
 * process of its own, used or not.
 * @see https://github.com/grafana/grafana/blob/main/pkg/setting/setting_plugins.go
 */
const UNUSED_PLUGINS = [
  'cloudwatch',
  'elasticsearch',
  'grafana-advisor-app',
  'grafana-azure-monitor-datasource',
  'grafana-exploretraces-app',
  'grafana-lokiexplore-app',
  'grafana-metricsdrilldown-app',
  'grafana-postgresql-datasource',
  'grafana-pyroscope-app',
  'grafana-pyroscope-datasource',
  'grafana-testdata-datasource',
  'graphite',
  'influxdb',
  'jaeger',
  'mssql',
  'mysql',
  'opentsdb',
  'parca',
  'stackdriver',
  'tempo',
  'zipkin',
] as const;

/**
 * Grafana's settings, as environment variables. It contacts nothing on the internet.
 *
 * @param url where browsers reach it
 * @param folder where `grafanaFiles` are mounted
 */
export const grafanaEnvironment = (url: string, folder: string): Readonly<Record<string, string>> => ({
  GF_PATHS_PROVISIONING: `${folder}/provisioning`,
  GF_PATHS_DATA: '/var/lib/grafana',
  GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${folder}/dashboards/breakwater-overview.json`,
  GF_SERVER_HTTP_PORT: String(GRAFANA_PORT),
  GF_SERVER_ROOT_URL: url,
  GF_LOG_MODE: 'console',
  GF_LOG_LEVEL: 'warn',
  GF_USERS_ALLOW_SIGN_UP: 'false',
  GF_ANALYTICS_REPORTING_ENABLED: 'false',
  GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
  GF_NEWS_NEWS_FEED_ENABLED: 'false',
  GF_PLUGINS_PREINSTALL_DISABLED: 'true',
  GF_PLUGINS_DISABLE_PLUGINS: UNUSED_PLUGINS.join(),
  // On by default since version 13: users report below 300 MiB without it, and 500 and more with it
  // (https://github.com/grafana/grafana/issues/123017).
  GF_SERVER_ENABLE_GZIP: 'false',
});

/**
 * What Grafana gets besides with single sign-on: it takes the user from the header of oauth2-proxy,
 * which is in its pod, and from nowhere else. Users may look; `admin` logs in with its password.
 */
export const GRAFANA_SIGN_ON: Readonly<Record<string, string>> = {
  GF_AUTH_PROXY_ENABLED: 'true',
  GF_AUTH_PROXY_HEADER_NAME: 'X-Forwarded-Email',
  GF_AUTH_PROXY_HEADER_PROPERTY: 'email',
  GF_AUTH_PROXY_WHITELIST: '127.0.0.1',
  GF_USERS_AUTO_ASSIGN_ORG_ROLE: 'Viewer',
  GF_AUTH_SIGNOUT_REDIRECT_URL: '/oauth2/sign_out',
};

/** Loki as a single process that keeps its index and its chunks in files below `folder`. */
export const lokiConfig = ({ logRetentionHours }: StackConfig['monitoring'], folder: string): string =>
  stringify({
    auth_enabled: false,
    server: { http_listen_port: LOKI_PORT, log_level: 'warn' },
    common: {
      instance_addr: '127.0.0.1',
      path_prefix: folder,
      storage: { filesystem: { chunks_directory: `${folder}/chunks`, rules_directory: `${folder}/rules` } },
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
    // Without the compactor nothing is ever deleted.
    compactor: {
      working_directory: `${folder}/compactor`,
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

/**
 * Alloy collects the logs of the namespaces' pods. Labels are few, because each combination of them
 * is a stream of its own. Ids stay in the log line, where LogQL finds them.
 */
export const alloyConfig = (namespaces: readonly string[]): string => `
logging {
  level  = "warn"
  format = "json"
}

discovery.kubernetes "pods" {
  role = "pod"
  namespaces {
    names = ${JSON.stringify(namespaces)}
  }
}

discovery.relabel "pods" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_label_app_kubernetes_io_name"]
    target_label  = "app"
  }
  rule {
    source_labels = ["__meta_kubernetes_namespace"]
    target_label  = "namespace"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_name"]
    target_label  = "pod"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_container_name"]
    target_label  = "container"
  }
}

loki.source.kubernetes "pods" {
  targets    = discovery.relabel.pods.output
  forward_to = [loki.process.pods.receiver]
}

loki.process "pods" {
  stage.json {
    expressions = { level = "level" }
  }
  stage.labels {
    values = { level = "" }
  }
  forward_to = [loki.write.loki.receiver]
}

loki.write "loki" {
  endpoint {
    url = "http://loki:${LOKI_PORT}/loki/api/v1/push"
  }
}
`;
