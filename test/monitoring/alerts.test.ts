// The alert rules, checked with Prometheus' own tool: they are valid, and each fires when it should
// and is silent when it should be.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { alertsOf, ruleFile, ruleGroups } from '../../monitoring/alert-rules.ts';
import { promtool } from '../promtool.ts';
import { type AlertCase, alertCases } from './alert-cases.ts';

const config = parseStackConfig({});
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-rules-'));
  await writeFile(join(folder, 'rules.yml'), ruleFile(config, 'cluster'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A case as a unit test of promtool's. */
const unitTest = ({ alert, fires, series, at = '30m' }: AlertCase) => ({
  rule_files: ['rules.yml'],
  evaluation_interval: '30s',
  tests: [
    {
      interval: '30s',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        {
          expr: `count by (alertname) (ALERTS{alertname="${alert}",alertstate="firing"}) > bool 0`,
          eval_time: at,
          exp_samples: fires ? [{ labels: `{alertname="${alert}"}`, value: 1 }] : [],
        },
      ],
    },
  ],
});

/** Runs a unit test. JSON is valid YAML. */
async function runUnitTest(name: string, content: object) {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(content));
  return promtool(['test', 'rules', file]);
}

describe('the rules', () => {
  test.each([
    ['dev', 'cluster', {}],
    ['dev', 'local', {}],
    ['redis-streams', 'cluster', { 'queue:kind': 'redis-streams' }],
    ['external MongoDB', 'cluster', { 'mongo:external': 'mongodb://db:27017/app' }],
  ] as const)(
    '%s (%s) pass promtool check rules',
    async (name, place, raw) => {
      const file = join(folder, `${name}-${place}.yml`);
      await writeFile(file, ruleFile(parseStackConfig(raw), place));
      expect(await promtool(['check', 'rules', file])).toMatchObject({ status: 0 });
    },
    300_000,
  );

  test('are only about what the stack has', () => {
    const names = (...args: Parameters<typeof ruleGroups>) => ruleGroups(...args).map(({ name }) => name);
    const redis = parseStackConfig({ 'queue:kind': 'redis-streams' });
    const external = parseStackConfig({ 'mongo:external': 'mongodb://db:27017/app' });
    expect(names(config, 'cluster')).toEqual(['requests', 'queue', 'mongo', 'redis', 'targets', 'kafka', 'disks']);
    expect(names(config, 'local')).toEqual(['requests', 'queue', 'mongo', 'redis', 'targets']);
    expect(names(redis, 'cluster')).not.toContain('kafka');
    expect(names(external, 'cluster')).not.toContain('mongo');
    expect(alertsOf(external, 'cluster').map(({ alert }) => alert)).not.toContain('GateMissing');
  });

  test('follow the config', () => {
    const text = ruleFile(
      parseStackConfig({
        'monitoring:errorBudgetPercent': 0.1,
        'monitoring:latencyLimitMs': 500,
        'monitoring:docsUrl': 'https://example.org/docs',
        'kafka:brokers': 5,
      }),
      'cluster',
    );
    expect(text).toContain('breakwater:http_error_ratio:rate1h > 0.0144');
    expect(text).toContain('breakwater:http_p95_seconds:rate5m > 0.5');
    expect(text).toContain('runbook_url: https://example.org/docs/operations.md#latencyhigh');
    expect(text).toContain('(max(breakwater_kafka_brokers) or vector(0)) < 5');
    expect(text).toContain('(max(breakwater_kafka_voters_current) or vector(0)) < 3');
  });
});

describe('alerts', () => {
  const casesOf = (alert: string, fires: boolean) => alertCases.filter((c) => c.alert === alert && c.fires === fires);

  test.each(alertsOf(config, 'cluster').map((alert) => [alert.alert, alert] as const))(
    '%s has a severity, a summary and a description, a section in docs/operations.md, and cases of both kinds',
    async (name, { severity, summary, description }) => {
      expect(['critical', 'warning']).toContain(severity);
      expect(summary).toMatch(/^[A-Z].*\.$/);
      expect(description).toMatch(/\.$/);
      expect(description).not.toContain('{value}');
      const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
      expect(page).toContain(`\n### ${name}\n`);
      expect(casesOf(name, true).length).toBeGreaterThan(0);
      expect(casesOf(name, false).length).toBeGreaterThan(0);
    },
  );

  test.each(
    alertCases.map(
      (situation) => [situation.alert, situation.fires ? 'fires' : 'is silent', situation.when, situation] as const,
    ),
  )('%s %s: %s', async (alert, _does, when, situation) => {
    expect(await runUnitTest(`${alert}-${when.replaceAll(/\W/g, '-')}`, unitTest(situation))).toMatchObject({
      status: 0,
    });
  });

  test('what their annotations say', async () => {
    const alert = alertsOf(config, 'cluster').find((each) => each.alert === 'QueueNearlyFull')!;
    const content = {
      rule_files: ['rules.yml'],
      tests: [
        {
          interval: '30s',
          input_series: [
            { series: 'breakwater_queue_lag_records{queue="posts"}', values: '900x60' },
            { series: 'breakwater_queue_limit_records{queue="posts"}', values: '1000x60' },
          ],
          alert_rule_test: [
            {
              eval_time: '10m',
              alertname: 'QueueNearlyFull',
              exp_alerts: [
                {
                  exp_labels: { severity: 'critical', queue: 'posts' },
                  exp_annotations: {
                    summary: alert.summary,
                    description: 'The queue is 90% full.',
                    runbook_url: 'docs/operations.md#queuenearlyfull',
                  },
                },
              ],
            },
          ],
        },
      ],
    };
    expect(await runUnitTest('words', content)).toMatchObject({ status: 0 });
  });

  test('a wrong case is noticed', async () => {
    const situation = alertCases.find(({ fires }) => fires)!;
    expect(await runUnitTest('wrong', unitTest({ ...situation, fires: false }))).toMatchObject({ status: 1 });
  });
});
