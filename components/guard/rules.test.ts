// Every change that is refused, and its neighbours that are not.
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import type { Facts, QueueAnswer } from './ask.ts';
import { questions, refusals } from './rules.ts';
import { type Guarded, guardedValues } from './values.ts';

const values = (raw: RawConfig): Guarded => guardedValues(parseStackConfig(raw));

const change = (old: RawConfig, next: RawConfig, facts: Facts = {}): readonly string[] =>
  refusals(values(old), values(next), facts).map(({ key, reason }) => `${key}: ${reason}`);

const empty: QueueAnswer = { lag: 0, deadLetters: 0, arriving: 0 };
const redis = { 'queue:kind': 'redis-streams' };
const eks = {
  'cluster:kind': 'eks',
  'cluster:ingressClass': 'alb',
  'aws:region': 'us-east-1',
  'images:platform': 'linux/arm64',
};
const externalKafka = { 'kafka:external': 'b:9092' };
const externalRedis = { 'redis:external': 'redis://r:6379' };
const externalMongo = { 'mongo:external': 'mongodb://m:27017/breakwater' };

describe('refused', () => {
  test.each<[string, RawConfig, RawConfig, Facts, string]>([
    [
      'fewer partitions',
      { 'kafka:partitions': 12 },
      { 'kafka:partitions': 6 },
      {},
      'kafka:partitions: 12 → 6: Kafka cannot take a partition away without losing its records. Keep at least 12 (pulumi config set kafka:partitions 12)',
    ],
    [
      'fewer partitions of an external Kafka',
      { ...externalKafka, 'kafka:partitions': 12 },
      { ...externalKafka, 'kafka:partitions': 6 },
      {},
      'kafka:partitions: 12 → 6: ',
    ],
    [
      'a smaller volume of Kafka',
      { 'kafka:volumeGiB': 64 },
      {},
      {},
      'kafka:volumeGiB: 64 → 32: a volume cannot shrink. Keep it (pulumi config set kafka:volumeGiB 64), or ',
    ],
    [
      'a larger volume of MongoDB',
      {},
      { 'mongo:volumeGiB': 17 },
      {},
      'mongo:volumeGiB: 16 → 17: not every storage class can grow a volume, and a StatefulSet cannot change the size it asks for. Keep it (pulumi config set mongo:volumeGiB 16), or ',
    ],
    ['a smaller volume of Redis', {}, { 'redis:volumeGiB': 1 }, {}, 'redis:volumeGiB: 16 → 1: a volume cannot shrink'],
    [
      'a larger volume of the backups',
      { 'backup:enabled': true },
      { 'backup:enabled': true, 'backup:volumeGiB': 17 },
      {},
      'backup:volumeGiB: 16 → 17: not every storage class can grow a volume',
    ],
    ['a smaller volume of Prometheus', {}, { 'monitoring:volumeGiB': 1 }, {}, 'monitoring:volumeGiB: 4 → 1: a volume'],
    ['a larger volume of Loki', {}, { 'monitoring:logVolumeGiB': 9 }, {}, 'monitoring:logVolumeGiB: 4 → 9: not every'],
    [
      'Kafka back by a patch',
      { 'kafka:version': '4.1.1' },
      { 'kafka:version': '4.1.0' },
      { brokers: { versions: ['4.1.1', '4.1.1'] } },
      'kafka:version: 4.1.1 → 4.1.0: a broker cannot read what a newer one wrote. Keep at least 4.1.1 (pulumi config set kafka:version 4.1.1)',
    ],
    [
      'Kafka back while one broker has run the newer version',
      { 'kafka:version': '4.10.0' },
      { 'kafka:version': '4.9.1' },
      { brokers: { versions: ['4.9.1', '4.10.0'] } },
      'kafka:version: 4.10.0 → 4.9.1: a broker cannot read',
    ],
    [
      'Kafka back while the brokers cannot be asked',
      { 'kafka:version': '4.2.0' },
      { 'kafka:version': '4.1.1' },
      { brokers: { error: 'no route' } },
      'a broker cannot read what a newer one wrote (the brokers could not be asked: no route). Keep',
    ],
    ['Kafka back and nobody asked', { 'kafka:version': '5.0.0' }, { 'kafka:version': '4.9.9' }, {}, 'kafka:version: '],
    [
      'fewer brokers than controllers',
      {},
      { 'kafka:brokers': 1, 'kafka:replicationFactor': 1, 'kafka:minInsyncReplicas': 1 },
      {},
      'kafka:brokers: 3 → 1: brokers 0 to 2 are the controllers, and the rest would have no majority without them. Keep at least 3 (pulumi config set kafka:brokers 3)',
    ],
    [
      'one broker to three',
      { 'kafka:brokers': 1, 'kafka:replicationFactor': 1, 'kafka:minInsyncReplicas': 1 },
      {},
      {},
      "kafka:brokers: 1 → 3: the controllers are written into the broker's volume when it is first used, and one cannot become 3. Keep it (pulumi config set kafka:brokers 1), or ",
    ],
    [
      'another namespace',
      {},
      { 'cluster:namespace': 'other' },
      {},
      'cluster:namespace: breakwater → other: everything would be replaced, volumes included. Keep it (pulumi config set cluster:namespace breakwater), or run pulumi destroy first',
    ],
    [
      'other zones on AWS',
      eks,
      { ...eks, 'aws:zones': 'a,b,d' },
      {},
      'aws:zones: a,b,c → a,b,d: the cluster and its volumes would be replaced. Keep it (pulumi config set aws:zones a,b,c), or start',
    ],
    [
      'a storage class',
      {},
      { 'cluster:storageClass': 'fast' },
      {},
      'cluster:storageClass: not set → fast: a volume cannot move to another class. Keep it (pulumi config rm cluster:storageClass), or ',
    ],
    [
      'no storage class any more',
      { 'cluster:storageClass': 'fast' },
      {},
      {},
      'cluster:storageClass: fast → not set: a volume cannot move to another class. Keep it (pulumi config set cluster:storageClass fast), or ',
    ],
    [
      'a password version that goes down',
      { 'kafka:passwordVersion': 3 },
      { 'kafka:passwordVersion': 2 },
      {},
      'kafka:passwordVersion: 3 → 2: a password that was replaced is not valid again. Raise it by one at a time (pulumi config set kafka:passwordVersion 4), then up',
    ],
    [
      'a password version that skips one',
      {},
      { 'mongo:passwordVersion': 3 },
      {},
      'mongo:passwordVersion: 1 → 3: only the password before the new one stays valid meanwhile, and the pods would be refused. Raise it by one at a time (pulumi config set mongo:passwordVersion 2), then up',
    ],
    ['the password of Redis likewise', {}, { 'redis:passwordVersion': 9 }, {}, 'redis:passwordVersion: 1 → 9'],
    [
      'another queue while the old one holds records',
      {},
      redis,
      { queue: { ...empty, lag: 1200 } },
      'queue:kind: kafka → redis-streams: the queue holds 1,200 records that are not stored yet and would be left behind. Stop the writers (producer:rate 0, and no load on the API), wait until lag is 0 in /api/stats, then up',
    ],
    [
      'another queue while it holds one record',
      redis,
      {},
      { queue: { ...empty, lag: 1 } },
      'queue:kind: redis-streams → kafka: the queue holds 1 record that is not stored yet',
    ],
    [
      'another queue while records arrive',
      {},
      redis,
      { queue: { ...empty, arriving: 5 } },
      'queue:kind: kafka → redis-streams: records still arrive (5 records between two looks), and those would be left behind. Stop the writers',
    ],
    [
      'another queue while it has dead letters',
      {},
      redis,
      { queue: { ...empty, deadLetters: 2 } },
      'queue:kind: kafka → redis-streams: 2 dead letters would be left behind. Replay or drop them first (docs/operations.md, dead letters)',
    ],
    [
      'another queue while the API cannot say',
      {},
      redis,
      { queue: { error: 'deployments.apps "api" not found' } },
      'the API could not be asked how much that is (deployments.apps "api" not found). Bring the stack back to ready, or run pulumi destroy first if its records may go',
    ],
    ['another queue and nobody asked', {}, redis, {}, 'could not be asked how much that is (not asked)'],
    [
      'another topic while the old one holds records',
      {},
      { 'queue:name': 'events' },
      { queue: { ...empty, lag: 3 } },
      'queue:name: posts → events: the queue holds 3 records',
    ],
    [
      'an external Kafka while the one of the stack holds records',
      {},
      externalKafka,
      { queue: { ...empty, lag: 3 } },
      'kafka:external: not set → b:9092: the queue holds 3 records',
    ],
    [
      'another queue of SQS while this one holds records',
      { 'queue:kind': 'sqs', 'sqs:queueUrl': 'http://sqs/a', 'sqs:region': 'r' },
      { 'queue:kind': 'sqs', 'sqs:queueUrl': 'http://sqs/b', 'sqs:region': 'r' },
      { queue: { ...empty, lag: 3 } },
      'sqs:queueUrl: http://sqs/a → http://sqs/b: the queue holds 3 records',
    ],
    [
      'an external Redis while the queue holds records, whatever the queue',
      {},
      externalRedis,
      { queue: { ...empty, lag: 3 } },
      'redis:external: not set → redis://r:6379: the queue holds 3 records',
    ],
    [
      'back from an external MongoDB while the queue holds records',
      externalMongo,
      {},
      { queue: { ...empty, lag: 3 } },
      'mongo:external: mongodb://m:27017/breakwater → not set: the queue holds 3 records',
    ],
  ])('%s', (_name, old, next, facts, message) => {
    const found = change(old, next, facts);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  test('all at once', () => {
    const keys = refusals(
      values({ 'kafka:partitions': 12 }),
      values({ 'cluster:namespace': 'b', 'kafka:volumeGiB': 2, 'redis:passwordVersion': 5, ...externalMongo }),
      { queue: { ...empty, lag: 1 } },
    ).map(({ key }) => key);
    expect(keys).toEqual([
      'cluster:namespace',
      'kafka:volumeGiB',
      'kafka:partitions',
      'redis:passwordVersion',
      'mongo:external',
    ]);
  });
});

describe('goes ahead', () => {
  test.each<[string, RawConfig, RawConfig, Facts]>([
    ['no change', {}, {}, {}],
    ['more partitions', {}, { 'kafka:partitions': 12 }, {}],
    ['more brokers', {}, { 'kafka:brokers': 5 }, {}],
    ['fewer brokers, with the controllers kept', { 'kafka:brokers': 5 }, { 'kafka:brokers': 4 }, {}],
    ['a newer Kafka', {}, { 'kafka:version': '4.10.0' }, {}],
    [
      'back from a version that never ran',
      { 'kafka:version': '4.9.9' },
      { 'kafka:version': '4.1.1' },
      { brokers: { versions: ['4.1.1', '4.1.1'] } },
    ],
    [
      'the next password',
      {},
      { 'kafka:passwordVersion': 2, 'redis:passwordVersion': 2, 'mongo:passwordVersion': 2 },
      {},
    ],
    ['another queue once the old one is empty', {}, redis, { queue: empty }],
    ['another topic once the old one is empty', {}, { 'queue:name': 'events' }, { queue: empty }],
    [
      'settings of a Kafka that goes away with its queue',
      { 'kafka:partitions': 12, 'kafka:volumeGiB': 64, 'kafka:passwordVersion': 5 },
      redis,
      { queue: empty },
    ],
    ['settings of a Kafka that nobody uses', { ...redis, 'kafka:volumeGiB': 64 }, redis, {}],
    ['an external Kafka that nobody uses', redis, { ...redis, ...externalKafka }, {}],
    [
      'settings of a MongoDB that is elsewhere',
      { ...externalMongo, 'mongo:volumeGiB': 64, 'mongo:passwordVersion': 7 },
      externalMongo,
      {},
    ],
    [
      'a storage class where nothing has a volume of ours',
      { ...externalKafka, ...externalRedis, ...externalMongo, 'monitoring:enabled': false },
      {
        ...externalKafka,
        ...externalRedis,
        ...externalMongo,
        'monitoring:enabled': false,
        'cluster:storageClass': 'fast',
      },
      {},
    ],
    ['the volume of backups that are turned on', {}, { 'backup:enabled': true, 'backup:volumeGiB': 9 }, {}],
    [
      'volumes of a monitoring that is turned on',
      { 'monitoring:enabled': false },
      { 'monitoring:volumeGiB': 9, 'monitoring:logVolumeGiB': 9 },
      {},
    ],
    ['another Kafka with fewer partitions', { 'kafka:partitions': 12 }, externalKafka, { queue: empty }],
  ])('%s', (_name, old, next, facts) => {
    expect(change(old, next, facts)).toEqual([]);
  });
});

describe('what must be asked', () => {
  test.each<[string, RawConfig, RawConfig, readonly (keyof Facts)[]]>([
    ['nothing without a change', {}, {}, []],
    ['nothing for what is plain', { 'kafka:partitions': 12 }, { 'kafka:volumeGiB': 2 }, []],
    ['the queue before it is left', {}, redis, ['queue']],
    ['the queue before the topic changes', {}, { 'queue:name': 'b' }, ['queue']],
    ['the queue before a server goes elsewhere', {}, externalRedis, ['queue']],
    ['the brokers before a step down', { 'kafka:version': '4.1.1' }, { 'kafka:version': '4.1.0' }, ['brokers']],
    ['nothing before a step up', { 'kafka:version': '4.1.0' }, { 'kafka:version': '4.1.1' }, []],
  ])('%s', (_name, old, next, expected) => {
    expect(questions(values(old), values(next))).toEqual(expected);
  });
});
