// Prometheus in the local run: it scrapes every process and evaluates the rules, and promtool
// accepts every metrics page.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { alertsOf } from '../monitoring/alert-rules.ts';
import { askPrometheus, prometheusData } from '../test/prometheus.ts';
import { promtool } from '../test/promtool.ts';
import { until } from '../test/until.ts';
import { call, getJson } from '../tooling/http.ts';
import { prometheusTargets } from './monitoring.ts';
import { planPorts } from './ports-plan.ts';
import { type Stack, startStack } from './stack.ts';

describe('npm start -- --monitoring', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'breakwater-monitoring-'));
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      queue: 'redis-streams',
      overrides: { 'monitoring:scrapeSeconds': '1' },
      ports: 'free',
      apiProcesses: 1,
      monitoring: true,
      dataDir,
      env: process.env,
    });
  }, 300_000);
  afterAll(async () => {
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const get = <T>(path: string) => prometheusData<T>(stack.prometheusUrl!, path);
  const ask = (query: string) => askPrometheus(stack.prometheusUrl!, query);
  const value = async (query: string) => Number((await ask(query))[0]?.value[1]);

  test('every process is a target that answers', async () => {
    const up = async () => (await ask('up == 1')).map(({ metric }) => metric.instance).sort();
    const names = [...stack.processes.keys()].filter((name) => !/^(redis|mongo|prometheus)$/.test(name));
    await until(async () => (await up()).length >= names.length);
    expect(await up()).toEqual(names.sort());
  });

  test('all rules are loaded and none fails', async () => {
    interface Group {
      rules: { name: string; type: string; health: string; lastError?: string }[];
    }
    const rules = async () => (await get<{ groups: Group[] }>('/api/v1/rules')).groups.flatMap((group) => group.rules);
    await until(async () => (await rules()).every(({ health }) => health !== 'unknown'));
    expect((await rules()).filter(({ health }) => health !== 'ok')).toEqual([]);
    const alerts = (await rules()).filter(({ type }) => type === 'alerting').map(({ name }) => name);
    expect(alerts.sort()).toEqual(
      alertsOf(stack.config, 'local')
        .map(({ alert }) => alert)
        .sort(),
    );
  });

  test('requests show in the recorded figures', async () => {
    const begun = performance.now();
    while (performance.now() - begun < 3_000) await getJson(`${stack.apiUrl}/api/data`);
    await until(async () => (await value('breakwater:http_p95_seconds:rate5m')) > 0);
    await until(async () => (await value('sum(breakwater_records_stored_total)')) > 10);
    expect(await value('breakwater:http_error_ratio:rate5m')).toBe(0);
    await until(async () => (await value('breakwater:queue_lag_records')) === 0);
    expect(await ask('ALERTS{alertstate="firing"}')).toEqual([]);
  });

  test('promtool accepts the metrics of every running app', async () => {
    const { activeTargets } = await get<{ activeTargets: { scrapeUrl: string }[] }>('/api/v1/targets');
    expect(activeTargets.length).toBeGreaterThan(2);
    for (const { scrapeUrl } of activeTargets) {
      const { text } = await call(scrapeUrl);
      expect({ scrapeUrl, ...(await promtool(['check', 'metrics'], text)) }).toMatchObject({ status: 0 });
    }
  });
});

test('only running processes are targets', async () => {
  const { parseStackConfig } = await import('../config/parse.ts');
  const plan = await planPorts(parseStackConfig({}), { apiProcesses: 2, consumers: 1 }, true);
  expect(prometheusTargets(plan, { producer: false, console: false })).toEqual({
    api: { 'api-0': `127.0.0.1:${plan.apiMetrics[0]}`, 'api-1': `127.0.0.1:${plan.apiMetrics[1]}` },
    consumer: { 'consumer-0': `127.0.0.1:${plan.consumerMetrics[0]}` },
    gate: { gate: `127.0.0.1:${plan.gateMetrics}` },
  });
  expect(Object.keys(prometheusTargets(plan, { producer: true, console: true }))).toContain('producer');
});
