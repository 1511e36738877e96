// The tables of docs/metrics.md, generated from the code that creates the metrics.
import type { AppMetrics, MetricInfo } from './inventory.ts';

const START = '<!-- metrics:start -->';
const END = '<!-- metrics:end -->';

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/_(\w+?)_per_second$/, '$1 a second'],
  [/_(seconds|bytes|records)(_total)?$/, '$1'],
  [/_(up|info)$/, '0 or 1'],
];

/** The unit of a metric: the suffix of its name, by the conventions of Prometheus. */
export function unitOf({ name, type }: Pick<MetricInfo, 'name' | 'type'>): string {
  for (const [pattern, unit] of UNITS) {
    const match = pattern.exec(name);
    if (match) return unit.replace('$1', (match[1] ?? '').split('_').at(-1) ?? '');
  }
  return type === 'counter' ? 'count' : 'number';
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

const row = (metric: MetricInfo): string =>
  `| \`${metric.name}\` | ${metric.type} | ${unitOf(metric)} | ${metric.labels.map((label) => `\`${label}\``).join(' ')} | ${cell(metric.help)} |`;

/** The metrics as Markdown, one table per app. */
export const metricsTables = (apps: readonly AppMetrics[]): string =>
  apps
    .map(({ app, metrics }) =>
      [
        `## ${app}`,
        '',
        '| metric | type | unit | labels | meaning |',
        '| --- | --- | --- | --- | --- |',
        ...metrics.map(row),
      ].join('\n'),
    )
    .join('\n\n');

/**
 * Replaces the tables between the markers of a page.
 * @throws Error when the markers are missing
 */
export function withMetricsTables(page: string, apps: readonly AppMetrics[]): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`The page needs the lines ${START} and ${END}, in this order.`);
  return `${page.slice(0, start + START.length)}\n\n${metricsTables(apps)}\n\n${page.slice(end)}`;
}
