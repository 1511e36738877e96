// Every metric that a rule or a dashboard reads exists: in an app, in a recording rule, or in the
// list of external metrics.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { inventory } from '../../apps/metrics-page/inventory.ts';
import { parseStackConfig } from '../../config/parse.ts';
import { isAlert, ruleGroups } from '../../monitoring/alert-rules.ts';
import { dashboardsOf } from '../../monitoring/dashboards/dashboards.ts';
import { externalMetrics } from '../../monitoring/external-metrics.ts';
import { dashboardsIn, queriesIn } from '../dashboards.ts';
import { promtool } from '../promtool.ts';
import { metricNamesOf, metricOf } from './promql.ts';

const config = parseStackConfig({});

const dashboards = dashboardsIn(config);
const queries = queriesIn(config, 'prometheus');
const rules = ruleGroups(config, 'cluster').flatMap((group) => group.rules);

async function knownMetrics() {
  const own = (await inventory()).flatMap(({ metrics }) => metrics);
  const recorded = rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.record]));
  return {
    names: new Set([...own.map(({ name }) => name), ...recorded, ...Object.values(externalMetrics).flat()]),
    histograms: new Set(own.filter(({ type }) => type === 'histogram').map(({ name }) => name)),
  };
}

/** Names in the expression that do not exist. */
async function unknownIn(expr: string): Promise<string[]> {
  const { names, histograms } = await knownMetrics();
  return metricNamesOf(expr).filter((name) => !names.has(metricOf(name, histograms)));
}

describe('every metric exists', () => {
  test('in the rules', async () => {
    const unknown = rules.map(async (rule) => [isAlert(rule) ? rule.alert : rule.record, await unknownIn(rule.expr)]);
    expect((await Promise.all(unknown)).filter(([, names]) => names!.length > 0)).toEqual([]);
  });

  test('in the dashboards', async () => {
    const unknown = queries.map(async ({ where, expr }) => [where, await unknownIn(expr)]);
    expect((await Promise.all(unknown)).filter(([, names]) => names!.length > 0)).toEqual([]);
  });

  test('a metric that does not exist is noticed', async () => {
    expect(await unknownIn('rate(breakwater_records_storde_total[5m])')).toEqual(['breakwater_records_storde_total']);
    // Only histograms have buckets.
    expect(await unknownIn('breakwater_cache_hits_total_bucket')).toEqual(['breakwater_cache_hits_total_bucket']);
  });
});

test('every external metric in the list is read', () => {
  const read = new Set([...rules, ...queries].flatMap(({ expr }) => metricNamesOf(expr)));
  expect(
    Object.values(externalMetrics)
      .flat()
      .filter((name) => !read.has(name)),
  ).toEqual([]);
});

describe('the dashboards', () => {
  test('are an overview and one each for the API, the consumer with MongoDB, Kafka and Redis', () => {
    expect(dashboards.map(({ file }) => file)).toEqual([
      'breakwater-overview.json',
      'breakwater-api.json',
      'breakwater-consumer.json',
      'breakwater-kafka.json',
      'breakwater-redis.json',
    ]);
    const redis = parseStackConfig({ 'queue:kind': 'redis-streams' });
    expect(dashboardsOf(redis).map(({ uid }) => uid)).not.toContain('breakwater-kafka');
  });

  test('the overview fits on one screen: 1000 pixels, of which Grafana takes 80, at 38 per row', () => {
    const { panels } = dashboards[0]!;
    expect(Math.max(...panels.map(({ gridPos: { y, h } }) => y + h))).toBeLessThanOrEqual(24);
  });

  test.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
    '%s: every panel has a title, an explanation, its place and a query',
    (_title, { panels }) => {
      expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
      for (const { title, description, targets, gridPos } of panels) {
        expect({ title, description }).toEqual({
          title: expect.stringMatching(/./),
          description: expect.stringMatching(/\.$/),
        });
        expect(targets?.length).toBeGreaterThan(0);
        expect(new Set(targets!.map(({ refId }) => refId)).size).toBe(targets!.length);
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      }
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length); // panels do not overlap
    },
  );

  test('every query is valid PromQL', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'breakwater-promql-'));
    const file = join(folder, 'queries.json');
    const asRules = queries.map(({ expr }, i) => ({ record: `q:${i}`, expr }));
    await writeFile(file, JSON.stringify({ groups: [{ name: 'queries', rules: asRules }] }));
    expect(await promtool(['check', 'rules', '--lint=none', file])).toMatchObject({ status: 0 });
    await rm(folder, { recursive: true });
  }, 300_000);
});
