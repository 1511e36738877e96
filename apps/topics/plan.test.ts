import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../test/random.ts';
import { type DeclaredTopic, type Plan, planDrain, planTopics } from './plan.ts';
import { type ClusterState, describeStep, hasTakenEffect, type Step, type TopicState } from './steps.ts';

const declared = (change: Partial<DeclaredTopic> = {}): DeclaredTopic => ({
  name: 'posts',
  partitions: 3,
  replicationFactor: 3,
  config: {},
  ...change,
});
const topic = (replicas: number[][], change: Partial<TopicState> = {}): TopicState => ({
  partitions: replicas.map((ids) => ({ replicas: ids, leader: ids[0]!, isr: ids })),
  config: {},
  ...change,
});
const three = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
];
const state = (topics: ClusterState['topics'], brokers = [0, 1, 2], unsettled: string[] = []): ClusterState => ({
  brokers,
  topics,
  unsettled,
});
const lines = ({ steps }: Plan): string[] => steps.map(describeStep);

describe('the plan for declared topics', () => {
  test.each<[string, ClusterState, DeclaredTopic[], string[]]>([
    ['nothing to do', state({ posts: topic(three) }), [declared()], []],
    ['undeclared topics are left alone', state({ posts: topic(three), other: topic([[2]]) }), [declared()], []],
    [
      'create',
      state({}),
      [declared({ config: { 'retention.ms': '1000' } }), declared({ name: 'posts.dlq', partitions: 1 })],
      ['create posts: 3 partitions, replication 3, retention.ms=1000', 'create posts.dlq: 1 partition, replication 3'],
    ],
    ['grow', state({ posts: topic(three) }), [declared({ partitions: 5 })], ['grow posts: from 3 to 5 partitions']],
    [
      'change settings, and reset those that are not declared',
      state({ posts: topic(three, { config: { 'retention.ms': '1', 'segment.ms': '2', 'max.message.bytes': '3' } }) }),
      [declared({ config: { 'retention.ms': '5', 'max.message.bytes': '3' } })],
      ["configure posts: retention.ms=5, segment.ms reset to the brokers' value"],
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
        'move posts-0: from brokers 0, 1, 2 to 0, 2, 3',
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
    const plan = planTopics(observed, topics);
    expect(plan.refusals).toEqual([]);
    expect(lines(plan)).toEqual(expected);
  });

  test('what Kafka cannot do is refused, all reasons at once and nothing else done', () => {
    const plan = planTopics(state({ posts: topic(three) }), [
      declared({ partitions: 2 }),
      declared({ name: 'wide', replicationFactor: 4 }),
      declared({ name: 'bad name' }),
      declared({ name: 'stuck', replicationFactor: 1, config: { 'min.insync.replicas': '2' } }),
      declared({ name: 'fine' }),
      declared({ name: 'fine' }),
    ]);
    expect(plan.steps).toEqual([]);
    expect(plan.refusals).toEqual([
      'posts: has 3 partitions and cannot have 2: Kafka cannot remove partitions. Declare a new topic',
      'wide: replication factor 4 needs as many brokers, and 3 are available',
      expect.stringContaining("bad name: a topic's name"),
      'stuck: min.insync.replicas 2 is above the replication factor 1: every write would fail',
      'fine: is declared twice',
    ]);
  });

  test('replicas of a broker that is down stay its own; the rest is done', () => {
    const observed = state({ posts: topic(three) }, [0, 1, 3]);
    const plan = planTopics(observed, [
      declared({ replicationFactor: 2, partitions: 4, config: { 'retention.ms': '9' } }),
    ]);
    expect(lines(plan)).toEqual(['configure posts: retention.ms=9', 'grow posts: from 3 to 4 partitions']);
    expect(plan.notes).toEqual(['posts: broker 2 is down; its replicas stay where they are until it is back']);
  });

  test('topics that are planned together share the load', () => {
    const names = ['a', 'b', 'c'];
    const plan = planTopics(
      state({}),
      names.map((name) => declared({ name, partitions: 1, replicationFactor: 1 })),
    );
    expect(plan.steps.map((step) => 'assignments' in step && step.assignments)).toEqual([[[0]], [[1]], [[2]]]);
  });

  test('a reassignment under way is waited for, and nothing is planned on half of it', () => {
    const observed = state({ posts: topic([[0, 1, 2, 3], [1], [2]]) }, [0, 1, 2, 3], ['posts-0']);
    expect(lines(planTopics(observed, [declared()], 3))).toEqual(['wait for moves that are under way: posts-0']);
    expect(lines(planDrain(observed, 3))).toEqual(['wait for moves that are under way: posts-0']);
    expect(planTopics(observed, [declared({ partitions: 2 })]).refusals).toHaveLength(1);
  });

  test('brokers that are to leave give up the replicas of every topic, declared or not', () => {
    const observed = state({ posts: topic([[0, 1, 3]]), theirs: topic([[3, 0]]) }, [0, 1, 2, 3]);
    const plan = planTopics(observed, [declared({ partitions: 1 })], 3);
    expect(lines(plan)).toEqual([
      'move theirs-0: from brokers 3, 0 to 0, 2',
      'move posts-0: from brokers 0, 1, 3 to 0, 1, 2',
    ]);
  });

  test('an undeclared topic stays on a broker that is to leave while one that stays is down', () => {
    const plan = planTopics(state({ theirs: topic([[3, 0]]) }, [0, 2, 3]), [], 3);
    expect(lines(plan)).toEqual([]);
    expect(plan.notes).toEqual(['theirs: stays where it is until all 3 brokers that stay are available']);
  });

  test.each<[string, ClusterState, number | undefined, Plan['brokers']]>([
    ['one is enough to begin with', state({}), undefined, { needed: 3, available: 3 }],
    ['those that are to leave do not count', state({}, [0, 1, 3, 4]), 4, { needed: 4, available: 3 }],
  ])('brokers that it needs: %s', (_name, observed, brokerCount, expected) => {
    expect(planTopics(observed, [declared()], brokerCount).brokers).toEqual(expected);
  });
});

describe('the plan that drains brokers', () => {
  const drain = (topics: Record<string, number[][]>, brokers = [0, 1, 2, 3]) =>
    planDrain(state(Object.fromEntries(Object.entries(topics).map(([name, all]) => [name, topic(all)])), brokers), 3);

  test.each<[string, Record<string, number[][]>, number[], string[]]>([
    ['nothing to do', { posts: [[0, 1, 2]] }, [0, 1, 2, 3], []],
    ['nothing to do, though a broker is down', { posts: [[0, 1, 2]] }, [0, 2, 3], []],
    [
      'two brokers at once, topics of Kafka itself too',
      { __consumer_offsets: [[4, 3, 0]], posts: [[0, 1, 2]], more: [[3, 4]] },
      [0, 1, 2, 3, 4],
      ['move __consumer_offsets-0: from brokers 4, 3, 0 to 0, 1, 2', 'move more-0: from brokers 3, 4 to 0, 1'],
    ],
    ['it has died meanwhile', { posts: [[0, 1, 3]] }, [0, 1, 2], ['move posts-0: from brokers 0, 1, 3 to 0, 1, 2']],
    ['an uneven topic stays uneven', { posts: [[0], [0], [3]] }, [0, 1, 2, 3], ['move posts-2: from brokers 3 to 1']],
  ])('%s', (_name, topics, brokers, expected) => {
    const plan = drain(topics, brokers);
    expect(plan.refusals).toEqual([]);
    expect(lines(plan)).toEqual(expected);
  });

  test('is refused while a broker that stays is down: it could not take over', () => {
    const plan = drain({ posts: [[0, 1, 3]] }, [0, 2, 3]);
    expect(plan).toMatchObject({ steps: [], brokers: { needed: 3, available: 2 } });
    expect(plan.refusals).toEqual(['of the 3 brokers that stay, only 0, 2 are available to take over replicas']);
  });
});

describe('any state', () => {
  const random = seededRandom(11);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = (ids: readonly number[], size: number): number[] =>
    ids
      .map((id) => [random(), id] as const)
      .sort(([a], [b]) => a - b)
      .slice(0, size)
      .map(([, id]) => id);
  const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

  /** The cluster as it is once the steps have taken effect. */
  function after(before: ClusterState, steps: readonly Step[]): ClusterState {
    const placed = new Map(
      Object.entries(before.topics).map(([name, { partitions }]) => [
        name,
        partitions.map(({ replicas }) => [...replicas]),
      ]),
    );
    for (const step of steps) {
      if (step.kind === 'create') placed.set(step.topic, []);
      if (step.kind === 'create' || step.kind === 'grow')
        for (const replicas of step.assignments) placed.get(step.topic)!.push([...replicas]);
      if (step.kind === 'move') placed.get(step.topic)![step.partition] = [...step.to];
    }
    return { ...before, topics: Object.fromEntries([...placed].map(([name, all]) => [name, topic(all)])) };
  }
  const someCluster = () => {
    const stay = 1 + below(5);
    const brokers = range(stay + below(3));
    const some = () => topic(range(1 + below(5)).map(() => pick(brokers, 1 + below(brokers.length))));
    return { stay, cluster: state({ posts: some(), theirs: some() }, brokers) };
  };
  const onLeaving = ({ topics }: ClusterState, stay: number) =>
    Object.values(topics).flatMap(({ partitions }) =>
      partitions.flatMap(({ replicas }) => replicas.filter((id) => id >= stay)),
    );

  test('is as declared after at most two plans, with leaving brokers empty, and the next one has nothing to do', () => {
    for (let round = 0; round < 200; round++) {
      const { stay, cluster } = someCluster();
      const partitions = cluster.topics.posts!.partitions.length + below(3);
      const topics = [
        declared({ partitions, replicationFactor: 1 + below(stay) }),
        declared({ name: 'new', replicationFactor: 1 + below(stay) }),
      ];
      // Kafka adds partitions only with as many replicas as the others have, which may be too many
      // at first.
      const first = after(cluster, planTopics(cluster, topics, stay).steps);
      const done = after(first, planTopics(first, topics, stay).steps);
      expect(onLeaving(done, stay)).toEqual([]);
      for (const { name, partitions, replicationFactor } of topics) {
        expect(done.topics[name]!.partitions).toHaveLength(partitions);
        for (const { replicas } of done.topics[name]!.partitions)
          expect(new Set(replicas).size).toBe(replicationFactor);
      }
      expect(planTopics(done, topics, stay)).toMatchObject({ steps: [], refusals: [] });
    }
  });

  test('is drained after one plan, and what does not leave stays', () => {
    for (let round = 0; round < 200; round++) {
      const { stay, cluster } = someCluster();
      const { steps } = planDrain(cluster, stay);
      const done = after(cluster, steps);
      expect(onLeaving(done, stay)).toEqual([]);
      for (const [name, { partitions }] of Object.entries(cluster.topics))
        for (const [p, { replicas }] of partitions.entries()) {
          const { replicas: now } = done.topics[name]!.partitions[p]!;
          expect(now).toEqual(expect.arrayContaining(replicas.filter((id) => id < stay)));
          expect(now).toHaveLength(Math.min(replicas.length, stay));
        }
      expect(planDrain(done, stay).steps).toEqual([]);
    }
  });
});

describe('a step has taken effect', () => {
  const led = (leader: number, isr: number[]): TopicState => ({
    partitions: [{ replicas: [0, 1], leader, isr }],
    config: { a: '1' },
  });
  const create: Step = { kind: 'create', topic: 'posts', assignments: [[0, 1]], config: {} };
  const move: Step = { kind: 'move', topic: 'posts', partition: 0, from: [2, 1], to: [0, 1] };
  const elect: Step = { kind: 'elect', topic: 'posts', partitions: [0] };
  const configure = (set: Record<string, string>, reset: string[]): Step => ({
    kind: 'configure',
    topic: 'posts',
    set,
    reset,
  });
  test.each<[string, Step, ClusterState, boolean]>([
    ['created', create, state({ posts: led(0, [0]) }), true],
    ['created, without a leader yet', create, state({ posts: led(-1, []) }), false],
    ['not created yet', create, state({}), false],
    ['grown', { kind: 'grow', topic: 'posts', from: 0, assignments: [[0]] }, state({ posts: led(0, [0]) }), true],
    [
      'not grown yet',
      { kind: 'grow', topic: 'posts', from: 1, assignments: [[0]] },
      state({ posts: led(0, [0]) }),
      false,
    ],
    ['moved', move, state({ posts: led(0, [0]) }), true],
    ['old and new replicas together', move, state({ posts: topic([[0, 1, 2]]) }), false],
    ['configured', configure({ a: '1' }, ['b']), state({ posts: led(0, [0]) }), true],
    ['not set yet', configure({ a: '2' }, []), state({ posts: led(0, [0]) }), false],
    ['not reset yet', configure({}, ['a']), state({ posts: led(0, [0]) }), false],
    ['elected', elect, state({ posts: led(0, [0, 1]) }), true],
    ['not elected yet', elect, state({ posts: led(1, [0, 1]) }), false],
    ['not elected, as it fell out of sync', elect, state({ posts: led(1, [1]) }), true],
    ['settled', { kind: 'wait', partitions: ['posts-0'] }, state({}), true],
    ['not settled yet', { kind: 'wait', partitions: ['posts-0'] }, state({}, [0], ['posts-0']), false],
  ])('%s', (_name, step, observed, expected) => expect(hasTakenEffect(step, observed)).toBe(expected));
});
