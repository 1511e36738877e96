// Configuration of the monitoring's servers, read back from its text.
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseStackConfig } from '../config/parse.ts';
import { alertmanagerConfig, alloyConfig, grafanaEnvironment, grafanaFiles, lokiConfig } from './server-configs.ts';

const config = parseStackConfig({});

test('Loki deletes old logs', () => {
  const { monitoring } = parseStackConfig({ 'monitoring:logRetentionHours': 48 });
  expect(parse(lokiConfig(monitoring, '/loki'))).toMatchObject({
    limits_config: { retention_period: '48h' },
    compactor: { retention_enabled: true, delete_request_store: 'filesystem' },
    analytics: { reporting_enabled: false },
  });
});

test('Alertmanager has one receiver, whose address is in a file', () => {
  const { receivers, route } = parse(alertmanagerConfig('/secret/url'));
  expect(receivers).toEqual([
    { name: 'everybody', webhook_configs: [{ url_file: '/secret/url', send_resolved: true }] },
  ]);
  expect(route.receiver).toBe('everybody');
  expect(parse(alertmanagerConfig(undefined)).receivers).toEqual([{ name: 'everybody' }]);
});

test('Grafana finds its data sources and dashboards', () => {
  const files = grafanaFiles(config, '/files');
  const { datasources } = parse(files['provisioning/datasources/all.yaml']!);
  expect(datasources.map(({ uid, url }: { uid: string; url: string }) => [uid, url])).toEqual([
    ['prometheus', 'http://prometheus:9090'],
    ['loki', 'http://loki:3100'],
    ['alertmanager', 'http://alertmanager:9093'],
  ]);
  expect(Object.keys(files).filter((path) => path.startsWith('dashboards/'))).toHaveLength(5);
  const environment = grafanaEnvironment('http://grafana.localhost:8080', '/files');
  expect(files).toHaveProperty([environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!.replace('/files/', '')]);
  expect(environment.GF_SERVER_ROOT_URL).toBe('http://grafana.localhost:8080');
  expect(Object.keys(environment).filter((name) => /PASSWORD/.test(name))).toEqual([]);
});

test('Grafana runs no plugin that is not used, and all that are', () => {
  const files = grafanaFiles(config, '/files');
  const disabled = grafanaEnvironment('', '').GF_PLUGINS_DISABLE_PLUGINS!.split(',');
  // Those of the image that are a process of their own.
  expect(disabled).toEqual(expect.arrayContaining(['grafana-postgresql-datasource', 'elasticsearch', 'tempo']));
  const used = new Set(
    Object.values(files).flatMap((text) => [...text.matchAll(/"?type"?: ?"?([\w-]+)/g)].map(([, type]) => type)),
  );
  expect([...used]).toEqual(expect.arrayContaining(['prometheus', 'loki', 'alertmanager', 'timeseries']));
  expect(disabled.filter((plugin) => used.has(plugin))).toEqual([]);
});

test('the files of Grafana fit into one ConfigMap', () => {
  const bytes = Object.values(grafanaFiles(config, '/files')).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  expect(bytes).toBeLessThan(900_000);
});

test("Alloy reads the stack's namespaces; ids are not labels", () => {
  const text = alloyConfig(['shop', 'shop-api']);
  expect(text).toContain('names = ["shop","shop-api"]');
  expect([...text.matchAll(/target_label +?= "(\w+)"/g)].map(([, label]) => label)).toEqual([
    'app',
    'namespace',
    'pod',
    'container',
  ]);
});
