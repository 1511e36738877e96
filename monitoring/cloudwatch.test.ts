// CloudWatch judges by the table of thresholds, and its saved queries follow the runbook.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../config/parse.ts';
import { cloudWatchAlarms, cloudWatchDashboard, logQueries } from './cloudwatch.ts';

const eks: RawConfig = {
  'cluster:kind': 'eks',
  'cluster:ingressClass': 'alb',
  'aws:region': 'eu-west-1',
  'images:platform': 'linux/arm64',
};

const alarms = (raw: RawConfig) =>
  cloudWatchAlarms(parseStackConfig({ ...eks, ...raw }), 'breakwater-x').map(
    ({ id, metric, limit }) => `${id} ${metric} ${limit}`,
  );

const ALWAYS = ['ApiMissing service_number_of_running_pods 1', 'NodeDiskFilling node_filesystem_utilization 85'];

test.each<[string, RawConfig, readonly string[]]>([
  ['nothing that AWS runs', {}, []],
  [
    'SQS',
    { 'queue:kind': 'sqs' },
    ['LagGrowing ApproximateAgeOfOldestMessage 600', 'RetentionNear ApproximateAgeOfOldestMessage 302400'],
  ],
  ['a cache', { 'redis:managed': true }, ['RedisMemoryHigh DatabaseMemoryUsageCountedForEvictPercentage 90']],
  ['Aurora', { 'store:kind': 'mysql' }, ['ReplicaLag AuroraReplicaLagMaximum 3000', 'StoreBusy CPUUtilization 95']],
  ['DynamoDB', { 'store:kind': 'dynamodb' }, ['StoreBusy WriteThrottleEvents 0']],
  [
    'MSK',
    { 'kafka:managed': true },
    ['KafkaPartitionsOffline OfflinePartitionsCount 0', 'VolumeFilling KafkaDataLogsDiskUsed 85'],
  ],
])('alarms with %s', (_name, raw, expected) => {
  expect(alarms(raw)).toEqual([...ALWAYS, ...expected]);
});

test('the dashboard shows each metric with its limit', () => {
  const config = parseStackConfig({ ...eks, 'queue:kind': 'sqs' });
  const { widgets } = cloudWatchDashboard(cloudWatchAlarms(config, 'x'), 'eu-west-1');
  expect(widgets.map(({ x, y }) => [x, y])).toEqual([
    [0, 0],
    [8, 0],
    [16, 0],
    [0, 6],
  ]);
  expect(widgets[2]!.properties.annotations.horizontal).toEqual([{ label: 'alarm', value: 600 }]);
});

test('each section of the runbook has queries, and each query is of a step that exists', () => {
  const text = readFileSync(join(import.meta.dirname, '..', 'docs', 'operations.md'), 'utf8');
  const runbook = text.slice(text.indexOf('## Find the cause'), text.indexOf('\n## Alerts'));
  const sections = runbook.split('\n### ').slice(1);
  const nameOf = (section: string) => section.slice(0, section.indexOf('\n'));
  const steps = sections.flatMap((section) =>
    [...section.matchAll(/^(\d)\. /gm)].map(([, step]) => `${nameOf(section)} ${step}`),
  );
  const queried = logQueries(parseStackConfig({ ...eks, 'store:kind': 'mysql' }), 'x').map(({ step }) => step);
  expect(queried.filter((step) => !steps.includes(step))).toEqual([]);
  expect(new Set(queried.map((step) => step.replace(/ \d$/, '')))).toEqual(new Set(sections.map(nameOf)));
});
