// docs/metrics.md matches the code, and Prometheus accepts the metrics of every app.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { promtool } from '../../test/promtool.ts';
import { APPS, inventory, registryOf } from './inventory.ts';
import { metricsTables, unitOf, withMetricsTables } from './page.ts';

describe('docs/metrics.md', () => {
  // On other systems Node reports fewer metrics of its own process.
  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('is up to date (npm run docs:metrics)', async () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');
    expect(withMetricsTables(page, await inventory())).toBe(page);
  });

  test('has a row for each metric, with a cell for each column', async () => {
    const apps = await inventory();
    const rows = metricsTables(apps)
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows).toHaveLength(apps.reduce((sum, { metrics }) => sum + metrics.length, 0));
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
  });

  test('keeps what is outside the markers', () => {
    const page = 'before\n<!-- metrics:start -->\nOUTDATED\n<!-- metrics:end -->\nafter\n';
    const metric = { name: 'a_seconds', type: 'gauge' as const, help: 'x|y', labels: ['l'] };
    const updated = withMetricsTables(page, [{ app: 'api', metrics: [metric] }]);
    expect(updated).toContain('## api');
    expect(updated).toContain('| `a_seconds` | gauge | seconds | `l` | x\\|y |');
    expect(updated).not.toContain('OUTDATED');
    expect(updated.startsWith('before\n') && updated.endsWith('after\n')).toBe(true);
    expect(() => withMetricsTables('nothing', [])).toThrow('<!-- metrics:start -->');
  });
});

test.each([
  ['breakwater_http_request_duration_seconds', 'histogram', 'seconds'],
  ['breakwater_limiter_wait_seconds_total', 'counter', 'seconds'],
  ['breakwater_gate_limit_operations_per_second', 'gauge', 'operations a second'],
  ['breakwater_store_up', 'gauge', '0 or 1'],
  ['breakwater_cache_hits_total', 'counter', 'count'],
  ['breakwater_http_connections', 'gauge', 'number'],
] as const)('the unit of %s', (name, type, unit) => {
  expect(unitOf({ name, type })).toBe(unit);
});

describe('promtool check metrics', () => {
  test.each(Object.keys(APPS))(
    '%s',
    async (app) => {
      expect(await promtool(['check', 'metrics'], await registryOf(app).metrics())).toEqual({ status: 0, output: '' });
    },
    300_000,
  );

  test('rejects metrics that break the conventions', async () => {
    const wrong =
      '# HELP breakwater_things_total Things\n# TYPE breakwater_things_total gauge\nbreakwater_things_total 1\n';
    const { status, output } = await promtool(['check', 'metrics'], wrong);
    expect({ status, output }).toEqual({ status: 3, output: expect.stringContaining('_total') });
  });
});
