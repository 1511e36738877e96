// What Prometheus scrapes, read back from its configuration.
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { clusterPrometheusConfig, localPrometheusConfig } from './prometheus-config.ts';

describe('in the local run', () => {
  const config = parse(
    localPrometheusConfig(
      { scrapeSeconds: 5, ruleFile: 'rules.yml' },
      { api: { 'api-0': '127.0.0.1:1', 'api-1': '127.0.0.1:2' }, gate: { gate: '127.0.0.1:3' } },
    ),
  );

  test('each process is a target under its own name', () => {
    expect(config.scrape_configs).toEqual([
      {
        job_name: 'api',
        static_configs: [
          { targets: ['127.0.0.1:1'], labels: { instance: 'api-0' } },
          { targets: ['127.0.0.1:2'], labels: { instance: 'api-1' } },
        ],
      },
      { job_name: 'gate', static_configs: [{ targets: ['127.0.0.1:3'], labels: { instance: 'gate' } }] },
    ]);
  });

  test('intervals and rules', () => {
    expect(config.global).toEqual({ scrape_interval: '5s', scrape_timeout: '5s', evaluation_interval: '5s' });
    expect(config.rule_files).toEqual(['rules.yml']);
  });
});

describe('in a cluster', () => {
  const args = {
    scrapeSeconds: 60,
    ruleFile: 'rules.yml',
    namespaces: ['b', 'b-api'],
    retention: { hours: 24, mebibytes: 1024 },
    alertmanager: 'alertmanager:9093',
    servers: { loki: 'loki:3100' },
  };
  const config = parse(clusterPrometheusConfig(args));
  // biome-ignore lint/suspicious/noExplicitAny: parsed YAML
  const job = (name: string) => config.scrape_configs.find((each: any) => each.job_name === name);

  test('only pods of the stack are scraped, by the name of the port', () => {
    expect(job('pods').kubernetes_sd_configs).toEqual([{ role: 'pod', namespaces: { names: ['b', 'b-api'] } }]);
    expect(job('pods').relabel_configs[0]).toMatchObject({ action: 'keep', regex: 'metrics' });
  });

  test("the monitoring's own servers", () => {
    expect(job('loki').static_configs).toEqual([{ targets: ['loki:3100'], labels: { instance: 'loki' } }]);
  });

  test('with a long interval, timeouts and alerts stay quick', () => {
    expect(config.global).toEqual({ scrape_interval: '60s', scrape_timeout: '10s', evaluation_interval: '15s' });
  });

  test.each([
    [{ namespace: 'b', id: '/kubepods/x' }, true],
    [{ namespace: 'b-api', id: '' }, true],
    [{ namespace: 'kube-system', id: '/kubepods/x' }, false],
    [{ namespace: '', id: '/' }, true],
    [{ namespace: '', id: '/system.slice' }, false],
    [{ namespace: 'bb', id: '/' }, false],
  ])('series of the kubelets with %j are kept: %j', (labels, kept) => {
    const { regex } = job('cadvisor').metric_relabel_configs[1];
    expect(new RegExp(`^(?:${regex})$`).test(`${labels.namespace};${labels.id}`)).toBe(kept);
  });

  test('series of containers are dropped: their pod has series of its own', () => {
    expect(job('cadvisor').metric_relabel_configs[2]).toEqual({
      action: 'drop',
      source_labels: ['container'],
      regex: '.+',
    });
  });
});
