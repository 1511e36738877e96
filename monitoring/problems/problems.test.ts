// The table of problems: each has a judge, and alerts and console share what they both judge.
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { alertsOf } from '../alert-rules.ts';
import { liveProblems, problemGroups } from './problems.ts';

const config = parseStackConfig({});
const problems = problemGroups(config).flatMap((group) => group.problems);
const live = liveProblems(config);
const alerts = new Map(alertsOf(config, 'cluster').map((alert) => [alert.alert, alert]));

test('ids are unique', () => {
  expect(new Set(problems.map(({ id }) => id)).size).toBe(problems.length);
});

test.each(problems.map((problem) => [problem.id, problem] as const))(
  '%s is judged, and says what it means',
  (id, problem) => {
    expect(problem.alert ?? problem.live).toBeDefined();
    expect(problem.meaning).toMatch(/^[A-Z].*\.$/);
    if (alerts.has(id)) expect(alerts.get(id)!.description).toMatch(/^.+\.$/);
  },
);

describe('what alert and console both judge', () => {
  test('is these problems', () => {
    expect([...alerts.keys()].filter((id) => id in live)).toEqual([
      'LatencyHigh',
      'LagGrowing',
      'QueueNearlyFull',
      'RecordsLost',
      'ConsumerStalled',
      'DeadLetters',
      'MongoUnreachable',
      'MongoAtLimit',
      'TargetDown',
      'ApiMissing',
      'GateMissing',
    ]);
  });

  test('has one severity, meaning and, where they measure the same, limit', () => {
    const strict = parseStackConfig({ 'monitoring:latencyLimitMs': 500 });
    const [alert] = alertsOf(strict, 'cluster').filter(({ alert: name }) => name === 'LatencyHigh');
    const { LatencyHigh } = liveProblems(strict);
    expect(alert).toMatchObject({ severity: LatencyHigh!.severity, summary: LatencyHigh!.meaning });
    expect(alert!.expr).toBe('breakwater:http_p95_seconds:rate5m > 0.5');
    expect(LatencyHigh!.limit).toEqual({ comparison: '>', value: 0.5, unit: 'seconds' });
    expect(alert!.summary).toContain('0.5 s');
  });
});
