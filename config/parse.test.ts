// What the stack config accepts and what it refuses, key by key.
import { describe, expect, test } from '@jest/globals';
import { ConfigError } from './errors.ts';
import { parseStackConfig, type RawConfig } from './parse.ts';
import { configKeys } from './schema.ts';

function problems(raw: RawConfig): readonly string[] {
  try {
    parseStackConfig(raw);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ key, message }) => `${key}: ${message}`);
  }
}

test('every key has its default unless it is set', () => {
  const config = parseStackConfig({});
  expect(config.queue).toEqual({
    kind: 'kafka',
    name: 'posts',
    group: 'store',
    maxLength: 1_000_000,
    maxBytes: 1_073_741_824,
  });
  expect(config.kafka).toMatchObject({ brokers: 3, partitions: 3, replicationFactor: 3, minInsyncReplicas: 2 });
  expect(config.mongo).toMatchObject({ iops: 100, writesPerSecond: 80, memoryMiB: 500, cacheMiB: 256 });
  expect(config.consumer).toMatchObject({ batchSize: 2000, batchBytes: 1_309_696, flushIntervalMs: 200, workMs: 0 });
  expect(config.cluster.sysctls).toEqual({});
});

describe('values from the command line arrive as strings', () => {
  const read = (raw: RawConfig) => parseStackConfig(raw);
  test.each([
    ['a whole number', { 'api:replicas': '5' }, (c: ReturnType<typeof read>) => c.api.replicas, 5],
    ['spaces around it', { 'api:replicas': ' 5 ' }, (c: ReturnType<typeof read>) => c.api.replicas, 5],
    ['a number from YAML', { 'api:replicas': 5 }, (c: ReturnType<typeof read>) => c.api.replicas, 5],
    ['a fraction', { 'producer:rate': '0.008' }, (c: ReturnType<typeof read>) => c.producer.rate, 0.008],
    ['an exponent', { 'producer:rate': '2e4' }, (c: ReturnType<typeof read>) => c.producer.rate, 20_000],
    ['zero outside the range', { 'mongo:iops': '0' }, (c: ReturnType<typeof read>) => c.mongo.iops, 0],
    [
      '"false" is false',
      { 'monitoring:enabled': 'false' },
      (c: ReturnType<typeof read>) => c.monitoring.enabled,
      false,
    ],
    ['"true" is true', { 'hpa:enabled': 'True' }, (c: ReturnType<typeof read>) => c.hpa.enabled, true],
    ['a boolean from YAML', { 'hpa:enabled': true }, (c: ReturnType<typeof read>) => c.hpa.enabled, true],
    ['a word', { 'queue:kind': 'redis-streams' }, (c: ReturnType<typeof read>) => c.queue.kind, 'redis-streams'],
    [
      'a map set with --path, numbers as strings',
      { 'cluster:sysctls': { 'net.core.somaxconn': 65_535 } },
      (c: ReturnType<typeof read>) => c.cluster.sysctls,
      { 'net.core.somaxconn': '65535' },
    ],
    [
      'a map as JSON',
      { 'cluster:sysctls': '{"net.ipv4.ip_local_port_range":"1024 65535"}' },
      (c: ReturnType<typeof read>) => c.cluster.sysctls,
      { 'net.ipv4.ip_local_port_range': '1024 65535' },
    ],
  ])('%s', (_name, raw, pick, expected) => {
    expect(pick(read(raw))).toEqual(expected);
  });
});

describe('a wrong value says what is wrong and what is allowed', () => {
  test.each<[RawConfig, string]>([
    [{ 'api:replicas': '0' }, 'api:replicas: "0" is out of range; allowed: a whole number from 1 to 100 (pods)'],
    [{ 'api:replicas': 101 }, 'api:replicas: 101 is out of range; allowed: a whole number from 1 to 100 (pods)'],
    [{ 'api:port': '80.5' }, 'api:port: "80.5" is not a whole number; allowed: a whole number from 1 to 65535'],
    [{ 'api:port': 'http' }, 'api:port: "http" is not a number; allowed: a whole number from 1 to 65535'],
    [{ 'api:port': '' }, 'api:port: "" is not a number; allowed: a whole number from 1 to 65535'],
    [{ 'api:port': null }, 'api:port: null is not a number; allowed: a whole number from 1 to 65535'],
    [{ 'api:port': true }, 'api:port: true is not a number; allowed: a whole number from 1 to 65535'],
    [{ 'api:port': '0x1F40' }, 'api:port: "0x1F40" is not a number; allowed: a whole number from 1 to 65535'],
    [
      { 'producer:rate': '0.001' },
      'producer:rate: "0.001" is out of range; allowed: a number from 0.008 to 20000 (messages/s), or 0 (paused)',
    ],
    [
      { 'producer:rate': '-1' },
      'producer:rate: "-1" is out of range; allowed: a number from 0.008 to 20000 (messages/s), or 0 (paused)',
    ],
    [{ 'hpa:enabled': 'yes' }, 'hpa:enabled: "yes" is neither true nor false; allowed: true or false'],
    [{ 'queue:kind': 'rabbit' }, 'queue:kind: "rabbit" is not valid; allowed: one of kafka, redis-streams, sqs'],
    [
      { 'queue:name': 'My posts' },
      'queue:name: "My posts" has the wrong format; allowed: lower-case letters, digits and hyphens, at most 100',
    ],
    [
      { 'queue:name': 5 },
      'queue:name: 5 is not a string; allowed: lower-case letters, digits and hyphens, at most 100',
    ],
    [
      { 'kafka:version': '3.9.0' },
      'kafka:version: "3.9.0" has the wrong format; allowed: a version from 4.0.0, such as 4.3.1',
    ],
    [
      { 'cluster:sysctls': 'net.core.somaxconn=1' },
      'cluster:sysctls: "net.core.somaxconn=1" is not a map; allowed: kernel settings by name, such as {"net.core.somaxconn": "65535"}',
    ],
    [
      { 'cluster:sysctls': '{oops' },
      'cluster:sysctls: "{oops" is not a map; allowed: kernel settings by name, such as {"net.core.somaxconn": "65535"}',
    ],
    [
      { 'cluster:sysctls': { 'net.core.somaxconn': true } },
      'cluster:sysctls: entry "net.core.somaxconn" true is neither a string nor a number; allowed: kernel settings by name, such as {"net.core.somaxconn": "65535"}',
    ],
    [
      { 'cluster:sysctls': { net: { core: 1 } } },
      'cluster:sysctls: entry "net" has the wrong format; allowed: kernel settings by name, such as {"net.core.somaxconn": "65535"}',
    ],
  ])('%j', (raw, expected) => {
    expect(problems(raw)).toContain(expected);
  });
});

describe('for an unknown key, the error names the nearest valid one', () => {
  test.each([
    ['api:replcas', 'api:replicas'],
    ['api:Replicas', 'api:replicas'],
    ['kafka:partition', 'kafka:partitions'],
    ['ap:workers', 'api:workers'],
    ['mongo:cacheMB', 'mongo:cacheMiB'],
    ['consumer:batchsize', 'consumer:batchSize'],
    ['replicas', 'api:replicas or consumer:replicas'],
    ['breakwater:replicas', 'api:replicas or consumer:replicas'],
    ['consumer:partitions', 'kafka:partitions'],
  ])('%s', (key, nearest) => {
    expect(problems({ [key]: '5' })).toEqual([`${key}: is not a key; did you mean ${nearest}?`]);
  });

  test('a property of every object is an unknown key too', () => {
    expect(problems({ constructor: 1, 'api:toString': 1 })).toHaveLength(2);
  });

  test('the keys of Pulumi and its providers are ignored', () => {
    expect(problems({ 'pulumi:tags': {}, 'kubernetes:context': 'x', 'docker:host': 'y' })).toEqual([]);
  });
});

test('all problems are reported at once, whatever their kind, and a wrong value hides no rule between right ones', () => {
  const raw = { 'api:replcas': '5', 'api:workers': '0', 'hpa:enabled': 'yes', 'kafka:brokers': '2' };
  expect(problems(raw).map((problem) => problem.split(': ')[0])).toEqual([
    'api:replcas',
    'api:workers',
    'hpa:enabled',
    'kafka:brokers',
    'kafka:replicationFactor',
  ]);
});

test('the message names the source and has one line per problem', () => {
  expect(() => parseStackConfig({ 'api:workers': '0', 'api:port': '0' }, 'Pulumi.dev.yaml')).toThrow(
    [
      'Pulumi.dev.yaml has 2 problems; nothing was created or changed:',
      '  api:workers: "0" is out of range; allowed: a whole number from 1 to 64 (processes)',
      '  api:port: "0" is out of range; allowed: a whole number from 1 to 65535',
    ].join('\n'),
  );
});

describe('every key', () => {
  test.each(configKeys.map((key) => [key.key, key] as const))('%s says what it is and what a change does', (_, key) => {
    expect(key.description).toMatch(/\.$/);
    expect(key.change).toMatch(
      /^(In place|Rolls|Replaces|Refused|Creates|Builds|Deletes|Upgrades|Local run only|New clusters only)\b.*\.$/,
    );
    expect(key.allowed).not.toBe('');
  });

  test.each(
    configKeys.filter((key) => key.fallback !== '' && key.fallback !== 'none').map((key) => [key.key, key] as const),
  )('%s takes its own default as a string', (_, key) => {
    expect(parseStackConfig({ [key.key]: key.fallback })).toEqual(parseStackConfig({}));
  });
});
