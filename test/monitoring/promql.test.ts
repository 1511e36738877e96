// Which metrics an expression reads.
import { describe, expect, test } from '@jest/globals';
import { metricNamesOf, metricOf } from './promql.ts';

describe('metricNamesOf', () => {
  test.each([
    ['up == 0', ['up']],
    ['sum by (job, instance) (rate(a_total{x="b_total"}[5m]))', ['a_total']],
    ['a_total / on (job) group_left (x) b', ['a_total', 'b']],
    ['a > 0.5 and on (instance) (b or vector(0)) unless c', ['a', 'b', 'c']],
    ['histogram_quantile(0.95, sum by (le) (rate(a_bucket{x!="y,z"}[$__rate_interval])))', ['a_bucket']],
    ['breakwater:ratio:rate5m > 14.4e-3', ['breakwater:ratio:rate5m']],
    ['deriv(a[10m] offset 5m) > bool 1e6', ['a']],
    ['predict_linear(a[6h], 86400) < 0', ['a']],
    ['absent(up{job="api"} == 1)', ['up']],
    ['sum without (instance) (a) - ignoring(b) c', ['a', 'c']],
    ['count(a{x="\\"q}"}) ', ['a']],
    ['vector(2)', []],
  ])('%s', (expression, names) => {
    expect(metricNamesOf(expression)).toEqual(names);
  });
});

test.each([
  ['a_bucket', 'a'],
  ['a_sum', 'a'],
  ['a_count', 'a'],
  ['b_count', 'b_count'],
  ['a', 'a'],
])('the metric of %s is %s', (name, metric) => {
  expect(metricOf(name, new Set(['a']))).toBe(metric);
});
