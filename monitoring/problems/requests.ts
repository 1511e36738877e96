// What users feel: requests that fail, measured against the error budget, and the time answers
// take.
import { failedRatio, quantile, REQUESTS, USERS } from '../promql.ts';
import type { Threshold, Thresholds } from '../thresholds.ts';
import { above, any, type Limit, type ProblemGroup, promqlOf } from './problem.ts';

const errorRatio = (window: string): string => `breakwater:http_error_ratio:rate${window}`;

/** Errors so frequent that the budget is used up `burn` times as fast as allowed. */
const burning = (burn: Threshold, budget: Threshold): Limit =>
  above({ value: Number((burn.value * budget.value).toPrecision(6)), unit: 'ratio' });

/**
 * A long window tells that it matters, a short one that it still goes on.
 * @see https://sre.google/workbook/alerting-on-slos/
 */
const burnAlert = (limit: Limit, [long, short]: readonly [string, string], duration: string) => ({
  limit,
  alert: {
    signal: errorRatio(long),
    also: `and ${errorRatio(short)} ${promqlOf(limit)}`,
    for: duration,
  },
});

export const requestProblems = (t: Thresholds): ProblemGroup => ({
  name: 'requests',
  recordings: [
    ...['5m', '30m', '1h', '6h'].map((window) => ({ record: errorRatio(window), expr: failedRatio(window) })),
    { record: 'breakwater:http_p95_seconds:rate5m', expr: quantile(0.95, REQUESTS, USERS, '5m') },
  ],
  problems: [
    {
      id: 'ErrorBudgetBurnFast',
      severity: 'critical',
      meaning: 'Many users get errors now. At this rate the error budget of a month is used up within two days.',
      finding: '{value} of the requests of the last hour failed.',
      ...burnAlert(burning(t.fastBurn, t.errorBudget), ['1h', '5m'], '2m'),
    },
    {
      id: 'ErrorBudgetBurnSlow',
      severity: 'warning',
      meaning: 'Users have been getting errors for hours. At this rate the error budget of a month lasts five days.',
      finding: '{value} of the requests of the last six hours failed.',
      ...burnAlert(burning(t.slowBurn, t.errorBudget), ['6h', '30m'], '15m'),
    },
    {
      id: 'LatencyHigh',
      severity: 'warning',
      meaning: `One request in twenty takes longer than the ${t.latencyP95.value} s that users are promised.`,
      finding: 'The p95 latency is {value}.',
      limit: above(t.latencyP95),
      alert: { signal: 'breakwater:http_p95_seconds:rate5m', for: '5m' },
      live: { place: 'api', forSeconds: t.persistsFor.value },
    },
    {
      id: 'Shedding',
      severity: 'warning',
      meaning: 'These requests get 503 and have to be retried.',
      limit: any('perSecond'),
      live: { place: 'api' },
    },
  ],
});
