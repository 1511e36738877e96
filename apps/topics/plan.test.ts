import { describe, expect, test } from '@jest/globals';
import { type DeclaredTopic, describeStep, type Observed, type ObservedTopic, plan } from './plan.ts';

const declared = (change: Partial<DeclaredTopic> = {}): DeclaredTopic => ({
  name: 'posts',
  partitions: 3,
  replicationFactor: 3,
  config: {},
  ...change,
});
const topic = (replicas: number[][], change: Partial<ObservedTopic> = {}): ObservedTopic => ({
  partitions: replicas.map((ids) => ({ replicas: ids, leader: ids[0]!, isr: ids })),
  config: {},
  ...change,
});
const three = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
];
const state = (topics: Observed['topics'], brokers = [0, 1, 2]): Observed => ({ brokers, topics });
const lines = (observed: Observed, topics: DeclaredTopic[]): string[] => plan(observed, topics).steps.map(describeStep);

describe('plan', () => {
  test.each<[string, Observed, DeclaredTopic[], string[]]>([
    ['nothing to do', state({ posts: topic(three) }), [declared()], []],
    [
      'topics that nobody declared are left alone',
      state({ posts: topic(three), other: topic([[2]]) }),
      [declared()],
      [],
    ],
    [
      'create',
      state({}),
      [declared({ config: { 'retention.ms': '1000' } }), declared({ name: 'posts.dlq', partitions: 1 })],
      ['create posts: 3 partitions, replication 3, retention.ms=1000', 'create posts.dlq: 1 partitions, replication 3'],
    ],
    ['grow', state({ posts: topic(three) }), [declared({ partitions: 5 })], ['grow posts: from 3 to 5 partitions']],
    [
      'change settings, and reset those that are not declared',
      state({ posts: topic(three, { config: { 'retention.ms': '1', 'segment.ms': '2', 'max.message.bytes': '3' } }) }),
      [declared({ config: { 'retention.ms': '5', 'max.message.bytes': '3' } })],
      ["configure posts: retention.ms=5, segment.ms back to the brokers' value"],
    ],
    [
      'settings of a throttled move are not ours',
      state({ posts: topic(three, { config: { 'leader.replication.throttled.replicas': '*' } }) }),
      [declared()],
      [],
    ],
    [
      'raise the replication',
      state({ posts: topic([[0], [1], [2]]) }),
      [declared({ replicationFactor: 2 })],
      [
        'move posts-0: from brokers 0 to 0, 1',
        'move posts-1: from brokers 1 to 1, 2',
        'move posts-2: from brokers 2 to 2, 0',
      ],
    ],
    [
      'lower the replication',
      state({ posts: topic(three) }),
      [declared({ replicationFactor: 1 })],
      [
        'move posts-0: from brokers 0, 1, 2 to 0',
        'move posts-1: from brokers 1, 2, 0 to 1',
        'move posts-2: from brokers 2, 0, 1 to 2',
      ],
    ],
    [
      'spread onto a new broker, leadership too',
      state({ posts: topic([...three, [0, 1, 2]]) }, [0, 1, 2, 3]),
      [declared({ partitions: 4 })],
      [
        'move posts-0: from brokers 0, 1, 2 to 0, 3, 2',
        'move posts-1: from brokers 1, 2, 0 to 1, 2, 3',
        'move posts-3: from brokers 0, 1, 2 to 3, 1, 0',
      ],
    ],
    [
      'give leadership back',
      state({ posts: { config: {}, partitions: three.map((replicas) => ({ replicas, leader: 0, isr: replicas })) } }),
      [declared()],
      ['elect the preferred leaders of posts: partitions 1, 2'],
    ],
    [
      'not to a replica that is out of sync',
      state({ posts: { config: {}, partitions: three.map((replicas) => ({ replicas, leader: 0, isr: [0] })) } }),
      [declared()],
      [],
    ],
  ])('%s', (_name, observed, topics, expected) => {
    const result = plan(observed, topics);
    expect(result.refusals).toEqual([]);
    expect(result.steps.map(describeStep)).toEqual(expected);
  });

  test('what Kafka cannot do is refused, all reasons at once and nothing else done', () => {
    const result = plan(state({ posts: topic(three) }), [
      declared({ partitions: 2 }),
      declared({ name: 'wide', replicationFactor: 4 }),
      declared({ name: 'bad name' }),
      declared({ name: 'stuck', replicationFactor: 1, config: { 'min.insync.replicas': '2' } }),
      declared({ name: 'fine' }),
      declared({ name: 'fine' }),
    ]);
    expect(result.steps).toEqual([]);
    expect(result.refusals).toEqual([
      'posts: has 3 partitions and cannot have fewer (2 declared): Kafka cannot take partitions away; declare a new topic',
      'wide: replication factor 4 needs as many brokers, and there are 3',
      expect.stringContaining("bad name: a topic's name"),
      'stuck: min.insync.replicas 2 is above the replication factor 1: nothing could be written',
      'fine: is declared twice',
    ]);
  });

  test('replicas of a broker that is down stay its own; the rest is done', () => {
    const observed = state({ posts: topic(three) }, [0, 1, 3]);
    const topics = [declared({ replicationFactor: 2, partitions: 4, config: { 'retention.ms': '9' } })];
    expect(lines(observed, topics)).toEqual(['configure posts: retention.ms=9', 'grow posts: from 3 to 4 partitions']);
    expect(plan(observed, topics).notes).toEqual([
      'posts: broker 2 holds replicas and is not there; they stay where they are until it is back',
    ]);
  });
});
