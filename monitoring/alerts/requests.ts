// What users feel: failed requests against the error budget, and the time that answers take.
import type { Alert, Recording, RuleGroup } from './rule.ts';

/** What requests are promised. */
export interface RequestGoals {
  /** Share of requests that may fail: 0.01 is one in a hundred. */
  readonly errorBudget: number;
  /** p95 above which users are too slow, seconds. */
  readonly latencyLimitSeconds: number;
}

/** Users' requests: the console and others ask for statistics all the time, and that would flatter the numbers. */
const USERS = 'route!="/api/stats"';
const count = (more: string, window: string): string =>
  `sum(rate(breakwater_http_request_duration_seconds_count{${USERS}${more}}[${window}]))`;

const errorRatio = (window: string): Recording => ({
  record: `breakwater:http_error_ratio:rate${window}`,
  expr: `(${count(',status=~"5.."', window)} or vector(0)) / ${count('', window)}`,
});

/**
 * Burning so many times as fast as the budget allows, seen in a long window (it matters) and in a short one (it still goes on).
 * @see https://sre.google/workbook/alerting-on-slos/
 */
const burning = (times: number, budget: number, [long, short]: readonly [string, string]): string => {
  const limit = Number((times * budget).toPrecision(6));
  return `breakwater:http_error_ratio:rate${long} > ${limit} and breakwater:http_error_ratio:rate${short} > ${limit}`;
};

const recordings: readonly Recording[] = [
  ...['5m', '30m', '1h', '6h'].map(errorRatio),
  {
    record: 'breakwater:http_p95_seconds:rate5m',
    expr: `histogram_quantile(0.95, sum by (le) (rate(breakwater_http_request_duration_seconds_bucket{${USERS}}[5m])))`,
  },
];

const alerts = ({ errorBudget, latencyLimitSeconds }: RequestGoals): readonly Alert[] => [
  {
    alert: 'ErrorBudgetBurnFast',
    severity: 'critical',
    expr: burning(14.4, errorBudget, ['1h', '5m']),
    for: '2m',
    meaning: 'Many users get errors now; a month of allowed errors is used up within two days.',
    seen: '{{ $value | humanizePercentage }} of the requests of the last hour failed.',
  },
  {
    alert: 'ErrorBudgetBurnSlow',
    severity: 'warning',
    expr: burning(6, errorBudget, ['6h', '30m']),
    for: '15m',
    meaning: 'Some users have been getting errors for hours; a month of allowed errors is used up within five days.',
    seen: '{{ $value | humanizePercentage }} of the requests of the last six hours failed.',
  },
  {
    alert: 'LatencyHigh',
    severity: 'warning',
    expr: `breakwater:http_p95_seconds:rate5m > ${latencyLimitSeconds}`,
    for: '5m',
    meaning: `One request in twenty takes longer than the ${latencyLimitSeconds} s that users are promised.`,
    seen: 'p95 is {{ $value | humanizeDuration }}.',
  },
];

export const requestRules = (goals: RequestGoals): RuleGroup => ({
  name: 'requests',
  rules: [...recordings, ...alerts(goals)],
});
