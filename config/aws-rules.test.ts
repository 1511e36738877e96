// What cannot work on AWS is refused before anything is created, all at once.
import { describe, expect, test } from '@jest/globals';
import { parseCidr, platformOfInstance } from './aws-rules.ts';
import { ConfigError } from './errors.ts';
import { parseStackConfig, type RawConfig } from './parse.ts';

const eks: RawConfig = {
  'cluster:kind': 'eks',
  'cluster:ingressClass': 'alb',
  'aws:region': 'eu-west-1',
  'images:platform': 'linux/arm64',
};

function problems(raw: RawConfig): readonly string[] {
  try {
    parseStackConfig({ ...eks, ...raw });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ key, message }) => `${key}: ${message}`);
  }
}

test.each<[string, RawConfig, string]>([
  ['no region', { 'aws:region': undefined }, 'aws:region: is missing: cluster:kind eks requires it'],
  [
    'an unknown region',
    { 'aws:region': 'eu-west-9' },
    'aws:region: is eu-west-9, which is not a region with three zones',
  ],
  [
    'a text',
    { 'aws:region': 'Ireland' },
    'aws:region: "Ireland" has the wrong format; allowed: a region, such as eu-west-1',
  ],
  [
    'an unknown zone',
    { 'aws:zones': 'a,b,f' },
    'aws:zones: has f, which eu-west-1 does not have; allowed: three of a, b, c',
  ],
  [
    'a zone twice',
    { 'aws:zones': 'a,b,b' },
    'aws:zones: is a,b,b, which names a zone twice; name three different ones',
  ],
  [
    'two zones',
    { 'aws:zones': 'a,b' },
    'aws:zones: "a,b" has the wrong format; allowed: the letters of three zones, such as a,b,c',
  ],
  ['no network', { 'aws:cidr': '10.0.0.300/16' }, 'aws:cidr: is 10.0.0.300/16, which is not the start of a network'],
  ['an address within', { 'aws:cidr': '10.0.1.0/16' }, 'aws:cidr: is 10.0.1.0/16, which is not the start of a network'],
  ['a small network', { 'aws:cidr': '10.0.0.0/24' }, 'aws:cidr: is 10.0.0.0/24; allowed: /16 to /20'],
  ['a public network', { 'aws:cidr': '8.8.0.0/16' }, 'aws:cidr: is 8.8.0.0/16, which is not private'],
  ['the Services', { 'aws:cidr': '172.20.0.0/20' }, 'aws:cidr: is 172.20.0.0/20, which overlaps 172.20.0.0/16'],
  ['an instance type', { 'aws:instanceType': 'm7g.small' }, 'aws:instanceType: "m7g.small" has the wrong format'],
  [
    'another platform',
    { 'aws:instanceType': 'm7i.large' },
    'images:platform: is linux/arm64: nodes of the type m7i.large run linux/amd64',
  ],
  [
    'no platform',
    { 'images:platform': undefined },
    'images:platform: is missing: nodes of the type m7g.large run linux/arm64',
  ],
  ['sizes', { 'aws:minNodesPerZone': 4 }, 'aws:minNodesPerZone: is 4, more than aws:maxNodesPerZone (3)'],
  [
    'a certificate of another region',
    { 'aws:certificate': 'arn:aws:acm:us-east-1:123456789012:certificate/0a' },
    'aws:certificate: is in us-east-1; the stack takes one of eu-west-1',
  ],
  [
    'a topic of another region',
    { 'aws:alarmTopic': 'arn:aws:sns:us-east-1:123456789012:ops' },
    'aws:alarmTopic: is in us-east-1; the stack takes one of eu-west-1',
  ],
  ['an address', { 'aws:apiCidrs': '198.51.100.7' }, 'aws:apiCidrs: "198.51.100.7" has the wrong format'],
  [
    'no network of the API',
    { 'aws:apiCidrs': '198.51.100.7/32,198.51.100.7/24' },
    'aws:apiCidrs: has 198.51.100.7/24, which is not the start of a network',
  ],
  [
    'a private network for a public API',
    { 'aws:apiCidrs': '198.51.100.7/32,10.0.0.0/8' },
    'aws:apiCidrs: has 10.0.0.0/8, which does not reach the public API; remove it, or set aws:privateApi',
  ],
  [
    'a production that is open to the internet',
    { 'cluster:protect': true },
    'aws:apiCidrs: is missing: with cluster:protect, name the networks that may reach the Kubernetes API, or set aws:privateApi',
  ],
  [
    'everyone in production',
    { 'cluster:protect': true, 'aws:apiCidrs': '0.0.0.0/0' },
    'aws:apiCidrs: is 0.0.0.0/0: with',
  ],
  ['a retention', { 'aws:logDays': 31 }, 'aws:logDays: is 31, which CloudWatch does not offer'],
  [
    'a cache as the queue',
    { 'redis:managed': true, 'queue:kind': 'redis-streams' },
    'redis:managed: is true with queue:kind redis-streams: ElastiCache keeps its data in memory',
  ],
  ['MSK without Kafka', { 'kafka:managed': true, 'queue:kind': 'sqs' }, 'kafka:managed: is used only with queue:kind'],
  ['brokers', { 'kafka:managed': true, 'kafka:brokers': 4 }, 'kafka:brokers: is 4: MSK has the same number in each'],
  [
    'two servers for one',
    { 'redis:managed': true, 'redis:external': 'redis://r:6379' },
    'redis:managed: is true, but redis:external names another server',
  ],
  [
    'a password of what is not there yet',
    { 'redis:managed': true, 'redis:password': 's' },
    'redis:password: is given, but the stack generates the login',
  ],
  [
    'a table elsewhere',
    { 'store:kind': 'dynamodb', 'dynamodb:region': 'eu-west-2' },
    'dynamodb:region: is eu-west-2: the stack creates its table in aws:region (eu-west-1)',
  ],
  ['a node port', { 'api:exposure': 'nodePort' }, 'api:exposure: is nodePort: the nodes have no public addresses'],
  ['another ingress', { 'cluster:ingressClass': 'traefik' }, 'cluster:ingressClass: is traefik: with cluster:kind eks'],
  ['a registry alone', { 'cluster:registry': 'r.example' }, 'cluster:registry: is set alone: on an emulator of AWS'],
  ['a context alone', { 'cluster:context': 'k3d-it' }, 'cluster:context: is set alone: on an emulator of AWS'],
  ['a region for k3d', { 'cluster:kind': 'k3d' }, 'aws:region: is used only with cluster:kind eks; remove it'],
])('%s', (_name, raw, problem) => {
  expect(problems(raw)).toEqual([expect.stringContaining(problem)]);
});

test('all at once', () => {
  expect(problems({ 'aws:zones': 'a,b,f', 'aws:cidr': '8.8.0.0/16', 'aws:instanceType': 'huge' })).toHaveLength(3);
});

test('what works', () => {
  expect(problems({})).toEqual([]);
  expect(problems({ 'aws:region': 'us-east-1', 'aws:zones': 'b,d,f', 'aws:cidr': '192.168.0.0/20' })).toEqual([]);
  expect(problems({ 'aws:instanceType': 'c7i.2xlarge', 'images:platform': 'linux/amd64' })).toEqual([]);
  expect(problems({ 'cluster:protect': true, 'aws:apiCidrs': '198.51.100.7/32,198.51.101.0/24' })).toEqual([]);
  expect(problems({ 'cluster:protect': true, 'aws:privateApi': true, 'aws:apiCidrs': '10.0.0.0/8' })).toEqual([]);
  const emulator = { 'cluster:context': 'k3d-it', 'cluster:registry': 'localhost:5051' };
  expect(problems({ ...emulator, 'cluster:ingressClass': 'traefik' })).toEqual([]);
});

describe('pure functions', () => {
  test.each([
    ['10.40.0.0/16', { first: 170_393_600, prefix: 16 }],
    ['10.40.0.0', undefined],
    ['10.40.0/16', undefined],
    ['10.40.0.0/33', undefined],
    ['10.40.0.0/', undefined],
  ])('the network %s', (text, network) => {
    expect(parseCidr(text)).toEqual(network);
  });

  test.each([
    ['m7g.large', 'linux/arm64'],
    ['c7gn.xlarge', 'linux/arm64'],
    ['t4g.large', 'linux/arm64'],
    ['m7i.large', 'linux/amd64'],
    ['g4dn.xlarge', 'linux/amd64'],
    ['m6a.large', 'linux/amd64'],
  ])('the platform of %s', (type, platform) => {
    expect(platformOfInstance(type)).toBe(platform);
  });
});
