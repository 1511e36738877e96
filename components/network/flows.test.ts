// The table of flows: every address in an app's environment has a flow, and an app has no others.
import { describe, expect, test } from '@jest/globals';
import {
  apiEnvironment,
  consoleEnvironment,
  consumerEnvironment,
  type Environment,
  gateEnvironment,
  producerEnvironment,
  topicsEnvironment,
} from '../../config/environment.ts';
import { parseStackConfig } from '../../config/parse.ts';
import type { StackConfig } from '../../config/schema.ts';
import { type Part, partsOf } from '../stack/parts.ts';
import { addressesOf } from './addresses.ts';
import { flowsOf, portsOf } from './flows.ts';

const configOf = (raw: Record<string, unknown>) => parseStackConfig({ 'producer:rate': 10, ...raw });
const text = ({ from, to, port }: ReturnType<typeof flowsOf>[number]) => `${from} > ${to}:${port}`;
const textsOf = (config: StackConfig) => flowsOf(config).map(text);

/** Flows that an environment implies: everything in it that has the form of an address. */
function flowsIn(from: Part, environment: Environment, servers: ReadonlySet<string>): string[] {
  return Object.values(environment).flatMap((value) =>
    [...value.matchAll(/(?<=^|\/|,)([a-z][a-z0-9-]*)(?:\.[a-z.]+)?:(\d+)/g)].map(([, host, port]) => {
      const server = host?.replace(/-(pods|brokers)$/, '') ?? '';
      return `${from} > ${servers.has(server) ? server : 'external'}:${port}`;
    }),
  );
}

const target = (pod: Part) => [`${pod}-pods.breakwater.svc:9464`];

function expected(config: StackConfig): string[] {
  const addresses = addressesOf(config);
  const pods = partsOf(config);
  const targets = {
    api: target('api'),
    consumer: target('consumer'),
    gate: pods.has('gate') ? target('gate') : [],
    producer: pods.has('producer') ? target('producer') : [],
  };
  const environments: Partial<Record<Part, Environment>> = {
    api: apiEnvironment(config, addresses),
    consumer: consumerEnvironment(config, addresses),
    producer: producerEnvironment(config, addresses),
    topics: topicsEnvironment(config, addresses),
    console: consoleEnvironment(config, { stack: 'dev', targets, problems: {} }),
    gate: gateEnvironment(config, addresses),
  };
  return [...pods].flatMap((pod) => flowsIn(pod, environments[pod] ?? {}, pods));
}

/** Pods with an environment of ours. */
const apps: ReadonlySet<string> = new Set(['api', 'consumer', 'producer', 'topics', 'console', 'gate']);

test.each<[string, Record<string, unknown>]>([
  ['Kafka', {}],
  ['Redis Streams', { 'queue:kind': 'redis-streams' }],
  [
    'no producer, no monitoring, no console',
    { 'producer:rate': 0, 'monitoring:enabled': 'false', 'console:enabled': 'false' },
  ],
  ['other ports', { 'gate:port': 28000, 'api:port': 9000 }],
  ['an external MongoDB', { 'mongo:external': 'mongodb://m.example.com:27117/db' }],
  [
    'an external Redis as the queue',
    { 'queue:kind': 'redis-streams', 'redis:external': 'rediss://r.example.com:6380' },
  ],
  ['a collector of traces', { 'tracing:endpoint': 'http://collector.example.com:4318' }],
  ['an external Kafka', { 'kafka:external': 'a.example.com:9094,b.example.com:9095' }],
])('the addresses of an app are those that it may reach: %s', (_, raw) => {
  const config = configOf(raw);
  const allowed = flowsOf(config).filter(({ from }) => apps.has(from));
  expect(allowed.map(text).sort()).toEqual([...new Set(expected(config))].sort());
  expect(allowed.length).toBeGreaterThan(3);
});

describe('other parties', () => {
  const kafka = textsOf(configOf({}));
  const redis = textsOf(configOf({ 'queue:kind': 'redis-streams' }));

  test('the API and the page are the only ways in', () => {
    for (const texts of [kafka, redis])
      expect(texts.filter((flow) => flow.startsWith('anyone'))).toEqual(['anyone > api:8000', 'anyone > console:8088']);
  });

  test('Kafka is another one only if it has a port of the nodes', () => {
    const open = { 'kafka:nodePort': 30_092 };
    expect(textsOf(configOf(open)).filter((flow) => !kafka.includes(flow))).toEqual(['anyone > kafka:9095']);
    expect(textsOf(configOf({ ...open, 'queue:kind': 'redis-streams' }))).toEqual(redis);
  });

  test('KEDA reaches what it scales by, and nothing else', () => {
    expect(kafka.filter((flow) => flow.startsWith('keda'))).toEqual(['keda > kafka:9092']);
    expect(redis.filter((flow) => flow.startsWith('keda'))).toEqual(['keda > redis:6379', 'keda > api:8000']);
    const external = textsOf(
      configOf({ 'queue:kind': 'redis-streams', 'redis:external': 'redis://r.example.com:6379', 'api:port': 9000 }),
    );
    expect(external.filter((flow) => flow.startsWith('keda'))).toEqual(['keda > api:9000']);
  });

  test('the clients of AWS reach their credentials; KEDA asks the API for the lag of SQS', () => {
    const sqs = { 'queue:kind': 'sqs', 'sqs:queueUrl': 'https://sqs.eu-west-1.amazonaws.com/123456789012/posts' };
    const texts = textsOf(configOf(sqs));
    for (const app of ['api', 'consumer', 'producer'])
      expect(texts).toEqual(expect.arrayContaining([`${app} > external:443`, `${app} > pod-identity:80`]));
    expect(texts.filter((flow) => flow.startsWith('keda'))).toEqual(['keda > api:8000']);
    const dynamodb = { 'store:kind': 'dynamodb', 'dynamodb:region': 'eu-west-1' };
    expect(textsOf(configOf(dynamodb))).toContain('api > pod-identity:80');
    expect(textsOf(configOf({ ...sqs, 'sqs:endpoint': 'http://sqs.example:9324' }))).toContain('api > external:9324');
  });

  test("only brokers reach the brokers' ports without authentication", () => {
    expect(kafka.filter((flow) => /kafka:909[34]/.test(flow))).toEqual(['kafka > kafka:9093', 'kafka > kafka:9094']);
  });

  test('a backup reaches the port of the gate for backups, and nothing else', () => {
    const backedUp = textsOf(configOf({ 'backup:enabled': true }));
    expect(backedUp.filter((flow) => flow.includes('backup'))).toEqual(['backup > gate:27019']);
    expect(backedUp.filter((flow) => flow.endsWith(':27019'))).toEqual(['backup > gate:27019']);
    expect(kafka.join()).not.toContain('27019');
  });

  test('only the gate and the exporter reach MongoDB', () => {
    expect(kafka.filter((flow) => flow.includes('> mongo:'))).toEqual([
      'gate > mongo:27017',
      'mongo-exporter > mongo:27017',
    ]);
    const unwatched = textsOf(configOf({ 'monitoring:enabled': 'false' }));
    expect(unwatched.filter((flow) => flow.includes('> mongo:'))).toEqual(['gate > mongo:27017']);
  });

  test('Prometheus reaches the metrics ports of all apps and exporters, and no other port', () => {
    expect(kafka.filter((flow) => flow.startsWith('monitoring')).sort()).toEqual([
      ...['api', 'console', 'consumer', 'gate', 'kafka'].map((app) => `monitoring > ${app}:9464`),
      'monitoring > mongo-exporter:9216',
      'monitoring > producer:9464',
      'monitoring > redis-exporter:9121',
    ]);
  });

  test("Kafka's web UI reaches Kafka, and nothing but kubectl port-forward reaches it", () => {
    expect(kafka.filter((flow) => flow.includes('kafka-ui'))).toEqual(['kafka-ui > kafka:9092']);
    expect(textsOf(configOf({ 'kafka:ui': 'false' })).join()).not.toContain('kafka-ui');
  });

  test('no flow occurs twice', () => {
    expect(new Set(kafka).size).toBe(kafka.length);
  });
});

test.each([
  ['redis://r.example.com:6380', [6380]],
  ['a:9092,b:9092,c:9093', [9092, 9093]],
  ['mongodb+srv://cluster.example.com/db?x=a:1', [1234]],
  ['mongodb://a:27017,b:27018/db', [27017, 27018]],
])('ports in %s', (addresses, ports) => {
  expect(portsOf(addresses, 1234)).toEqual(ports);
});
