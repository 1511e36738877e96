// CloudWatch judges by the table of thresholds, and its saved queries follow the runbook.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../config/parse.ts';
import { alarmName, cloudWatchAlarms, cloudWatchDashboard, deadLetters } from './cloudwatch.ts';
import { logQueries } from './log-queries.ts';

const root = join(import.meta.dirname, '..');
const runbook = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');

const eks: RawConfig = {
  'cluster:kind': 'eks',
  'cluster:ingressClass': 'alb',
  'aws:region': 'eu-west-1',
  'images:platform': 'linux/arm64',
};

const alarmsOf = (raw: RawConfig) => cloudWatchAlarms(parseStackConfig({ ...eks, ...raw }), 'breakwater-x');

/** What each alarm judges, and its limit. */
const alarms = (raw: RawConfig) =>
  alarmsOf(raw).map((alarm) => {
    const [metric] = Object.values(alarm.metrics);
    return `${alarmName(alarm)} ${alarm.expression ?? metric!.name} ${alarm.limit}`;
  });

const ALWAYS = [
  'ApiMissing service_number_of_running_pods 1',
  'LatencyHigh SELECT AVG(TargetResponseTime) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer) 2',
  'LoadBalancerErrors SELECT SUM(HTTPCode_ELB_5XX_Count) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer) 0',
  'DeadLetters DeadLetters 0',
  'NodeDiskFilling node_filesystem_utilization 85',
];
const evicting = (node: number) => `RedisEvicting-${node} IF(evictions > 0, 100 * misses / (hits + misses), 0) 10`;

test.each<[string, RawConfig, readonly string[]]>([
  ['nothing that AWS runs', {}, []],
  [
    'SQS',
    { 'queue:kind': 'sqs' },
    ['LagGrowing ApproximateAgeOfOldestMessage 600', 'RetentionNear ApproximateAgeOfOldestMessage 302400'],
  ],
  ['a cache, each node', { 'redis:managed': true, 'aws:cacheReplicas': 2 }, [1, 2, 3].map(evicting)],
  ['Aurora', { 'store:kind': 'mysql' }, ['ReplicaLag AuroraReplicaLagMaximum 3000', 'StoreBusy CPUUtilization 90']],
  ['Aurora without readers', { 'store:kind': 'mysql', 'aws:databaseReaders': 0 }, ['StoreBusy CPUUtilization 90']],
  ['DynamoDB', { 'store:kind': 'dynamodb' }, ['StoreBusy WriteThrottleEvents 0']],
  [
    'MSK, each broker',
    { 'kafka:managed': true },
    [
      'LagGrowing EstimatedMaxTimeLag 600',
      'KafkaPartitionsOffline OfflinePartitionsCount 0',
      'VolumeFilling-1 KafkaDataLogsDiskUsed 85',
      'VolumeFilling-2 KafkaDataLogsDiskUsed 85',
      'VolumeFilling-3 KafkaDataLogsDiskUsed 85',
    ],
  ],
])('alarms with %s', (_name, raw, expected) => {
  expect(alarms(raw)).toEqual([...ALWAYS, ...expected]);
});

const everything = [
  { 'queue:kind': 'sqs', 'redis:managed': true, 'store:kind': 'mysql' },
  { 'kafka:managed': true, 'store:kind': 'dynamodb' },
].flatMap(alarmsOf);

test('each alarm has a section in the runbook', () => {
  const sections = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(everything.map(({ id }) => id).filter((id) => !sections.includes(id))).toEqual([]);
});

test('an expression uses the metrics that it has, at most ten', () => {
  for (const { metrics, expression } of everything) {
    const names = Object.keys(metrics);
    if (expression?.startsWith('SELECT')) expect(names).toEqual([]);
    else if (expression !== undefined) expect(expression.match(/\b[a-z]\w*/g)).toEqual(expect.arrayContaining(names));
    else expect(names).toHaveLength(1);
    expect(names.length).toBeLessThanOrEqual(10);
  }
});

test('dead letters are counted by what the consumers log', () => {
  const { pattern } = deadLetters('x');
  const [, ending] = /msg = "\*(.*)"/.exec(pattern)!;
  const logged = ['consumer/consumer.ts', 'shared/queue/redis/reader.ts', 'shared/queue/sqs/reader.ts'].filter((file) =>
    readFileSync(join(root, 'apps', file), 'utf8').includes(`${ending}'`),
  );
  expect(logged).toHaveLength(3);
});

test('the dashboard shows what each alarm judges, with its limit', () => {
  const { widgets } = cloudWatchDashboard(alarmsOf({ 'redis:managed': true }), 'eu-west-1');
  expect(widgets.map(({ x, y }) => [x, y]).slice(0, 4)).toEqual([
    [0, 0],
    [8, 0],
    [16, 0],
    [0, 6],
  ]);
  expect(widgets[0]!.properties.annotations.horizontal).toEqual([{ label: 'alarm', value: 1 }]);
  expect(widgets[0]!.properties.metrics).toHaveLength(1);
  const cache = widgets.find(({ properties }) => properties.title === 'RedisEvicting-1')!.properties.metrics;
  expect(cache.map((metric) => metric.at(-1))).toEqual([
    { id: 'evictions', stat: 'Sum', visible: false },
    { id: 'hits', stat: 'Sum', visible: false },
    { id: 'misses', stat: 'Sum', visible: false },
    { expression: 'IF(evictions > 0, 100 * misses / (hits + misses), 0)', label: 'RedisEvicting' },
  ]);
});

test('each section of the runbook has queries, and each query is of a step that exists', () => {
  const causes = runbook.slice(runbook.indexOf('## Find the cause'), runbook.indexOf('\n## Alerts'));
  const sections = causes.split('\n### ').slice(1);
  const nameOf = (section: string) => section.slice(0, section.indexOf('\n'));
  const steps = sections.flatMap((section) =>
    [...section.matchAll(/^(\d)\. /gm)].map(([, step]) => `${nameOf(section)} ${step}`),
  );
  const queried = logQueries(parseStackConfig({ ...eks, 'store:kind': 'mysql' }), 'x').map(({ step }) => step);
  expect(queried.filter((step) => !steps.includes(step))).toEqual([]);
  expect(new Set(queried.map((step) => step.replace(/ \d$/, '')))).toEqual(new Set(sections.map(nameOf)));
});
