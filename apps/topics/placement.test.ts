import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../test/random.ts';
import { type PlacementInput, placeReplicas, type Replicas } from './placement.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const counts = (ids: readonly number[], brokers: readonly number[]): number[] =>
  brokers.map((broker) => ids.filter((id) => id === broker).length);
const spread = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);
const leaders = (placed: readonly Replicas[]): number[] => placed.map(([leader]) => leader!);
/** Replicas that have to be copied to a broker. */
const moves = (before: readonly Replicas[], after: readonly Replicas[]): number =>
  after.flatMap((replicas, p) => replicas.filter((id) => !(before[p] ?? []).includes(id))).length;

interface Given {
  current?: readonly Replicas[];
  partitions?: number;
  replicationFactor?: number;
  brokers: readonly number[];
}
const balance = ({ current = [], partitions = current.length, replicationFactor = 3, brokers }: Given) =>
  ({
    partitions: range(partitions).map((p) => ({ replicas: current[p] ?? [], copies: replicationFactor })),
    brokers,
    mode: 'balance',
  }) satisfies PlacementInput;

const three = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
];

describe('balance', () => {
  test.each<[string, Given, { moves: number }]>([
    ['a new topic on one broker', { partitions: 3, replicationFactor: 1, brokers: [7] }, { moves: 3 }],
    ['a new topic on three', { partitions: 3, brokers: [0, 1, 2] }, { moves: 9 }],
    ['more partitions than brokers', { partitions: 12, replicationFactor: 2, brokers: range(5) }, { moves: 24 }],
    ['already balanced', { current: three, brokers: [0, 1, 2] }, { moves: 0 }],
    ['a fourth broker takes its share and no more', { current: three, brokers: [0, 1, 2, 3] }, { moves: 2 }],
    ['three more brokers', { current: three, brokers: range(6) }, { moves: 3 }],
    [
      'everything on one broker',
      { current: range(6).map(() => [0]), replicationFactor: 1, brokers: [0, 1, 2] },
      { moves: 4 },
    ],
    ['raised replication', { current: [[0], [1], [2]], brokers: [0, 1, 2] }, { moves: 6 }],
    ['lowered replication', { current: three, replicationFactor: 2, brokers: [0, 1, 2] }, { moves: 0 }],
    ['new partitions', { current: three, partitions: 6, brokers: [0, 1, 2, 3] }, { moves: 10 }],
    ['a broker that is gone', { current: three, replicationFactor: 2, brokers: [0, 1, 3] }, { moves: 2 }],
    [
      'a replica on every broker, leaders in one place',
      { current: range(6).map(() => [0, 1, 2]), brokers: [0, 1, 2] },
      { moves: 0 },
    ],
    [
      'the right replica is given up, so that none has to move',
      { current: [[0], [0, 1]], replicationFactor: 1, brokers: [0, 1] },
      { moves: 0 },
    ],
  ])('%s', (_name, given, expected) => {
    const input = balance(given);
    const placed = placeReplicas(input);
    expect(placed).toHaveLength(input.partitions.length);
    for (const [p, replicas] of placed.entries()) {
      expect(new Set(replicas).size).toBe(input.partitions[p]!.copies);
      expect(replicas.every((id) => input.brokers.includes(id))).toBe(true);
    }
    expect(spread(counts(placed.flat(), input.brokers))).toBeLessThanOrEqual(1);
    expect(spread(counts(leaders(placed), input.brokers))).toBeLessThanOrEqual(1);
    expect(moves(given.current ?? [], placed)).toBe(expected.moves);
    expect(placeReplicas(balance({ ...given, current: placed }))).toEqual(placed);
  });

  test('the load of other topics breaks ties', () => {
    const load = new Map([
      [0, 5],
      [1, 1],
      [2, 9],
    ]);
    const input = balance({ partitions: 1, replicationFactor: 2, brokers: [0, 1, 2] });
    expect(placeReplicas({ ...input, load })).toEqual([[1, 0]]);
  });

  test('a follower moves rather than a leader', () => {
    const placed = placeReplicas(
      balance({
        current: [
          [0, 1],
          [0, 1],
        ],
        replicationFactor: 2,
        brokers: [0, 1, 2],
      }),
    );
    expect(placed.map((replicas) => replicas.includes(0))).toEqual([true, true]);
  });
});

describe('drain', () => {
  const drained = (current: readonly Replicas[], brokers: readonly number[]) =>
    placeReplicas({
      partitions: current.map((replicas) => ({ replicas, copies: Math.min(replicas.length, brokers.length) })),
      brokers,
      mode: 'drain',
    });

  test.each<[string, Replicas[], number[], Replicas[]]>([
    [
      'nothing to drain, however uneven',
      [
        [0, 1],
        [0, 1],
      ],
      [0, 1, 2],
      [
        [0, 1],
        [0, 1],
      ],
    ],
    ['to the only broker without a copy', [[0, 1, 3]], [0, 1, 2], [[0, 1, 2]]],
    ['a broker that has the data leads', [[3, 2, 1]], [0, 1, 2], [[2, 1, 0]]],
    ['one copy each, spread over the others', [[3], [3], [3]], [0, 1, 2], [[0], [1], [2]]],
    ['every other broker has a copy: one copy less', [[0, 1, 2, 3]], [0, 1, 2], [[0, 1, 2]]],
  ])('%s', (_name, current, brokers, expected) => {
    expect(drained(current, brokers)).toEqual(expected);
  });
});

describe('any state', () => {
  const random = seededRandom(7);
  const below = (n: number): number => Math.floor(random() * n);
  const shuffled = (ids: readonly number[]): number[] =>
    ids
      .map((id) => [random(), id] as const)
      .sort(([a], [b]) => a - b)
      .map(([, id]) => id);
  /** Partitions on any brokers, on some that are gone too. */
  const anyState = (most: { partitions: number; brokers: number }) => {
    const brokers = range(1 + below(most.brokers));
    const copies = () => 1 + below(brokers.length);
    const current = range(1 + below(most.partitions)).map(() => shuffled([...brokers, 90, 91]).slice(0, copies()));
    return { brokers, current, replicationFactor: copies() };
  };
  /** Every choice of `size` of these. */
  const choices = (ids: readonly number[], size: number): number[][] =>
    size === 0 ? [[]] : ids.flatMap((id, at) => choices(ids.slice(at + 1), size - 1).map((rest) => [id, ...rest]));
  /** Every placement that takes one of its options for each partition. */
  const product = (options: readonly number[][][]): number[][][] =>
    options.reduce<number[][][]>((all, some) => all.flatMap((begun) => some.map((one) => [...begun, one])), [[]]);

  test('ends balanced, leaders too, and stable', () => {
    for (let round = 0; round < 300; round++) {
      const { brokers, current, replicationFactor } = anyState({ partitions: 9, brokers: 7 });
      const given = { current, partitions: current.length + below(4), replicationFactor, brokers };
      const placed = placeReplicas(balance(given));
      for (const replicas of placed) expect(new Set(replicas).size).toBe(replicationFactor);
      expect(placed.flat().every((id) => brokers.includes(id))).toBe(true);
      expect(spread(counts(placed.flat(), brokers))).toBeLessThanOrEqual(1);
      expect(spread(counts(leaders(placed), brokers))).toBeLessThanOrEqual(1);
      expect(placeReplicas(balance({ ...given, current: placed }))).toEqual(placed);
    }
  });

  test('is balanced with as few moves as any balanced placement needs', () => {
    for (let round = 0; round < 300; round++) {
      const { brokers, current, replicationFactor } = anyState({ partitions: 4, brokers: 4 });
      const placed = placeReplicas(balance({ current, replicationFactor, brokers }));
      const fewest = product(current.map(() => choices(brokers, replicationFactor)))
        .filter((all) => spread(counts(all.flat(), brokers)) <= 1)
        .reduce((least, all) => Math.min(least, moves(current, all)), Number.POSITIVE_INFINITY);
      expect(moves(current, placed)).toBe(fewest);
    }
  });

  test('is drained: what stays does not move, and the rest goes where there is least', () => {
    for (let round = 0; round < 300; round++) {
      const { brokers, current } = anyState({ partitions: 4, brokers: 4 });
      const copies = current.map(({ length }) => Math.min(length, brokers.length));
      const placed = placeReplicas({
        partitions: current.map((replicas, p) => ({ replicas, copies: copies[p]! })),
        brokers,
        mode: 'drain',
      });
      for (const [p, replicas] of placed.entries()) {
        const stay = current[p]!.filter((id) => brokers.includes(id));
        expect(replicas.slice(0, stay.length)).toEqual(stay);
        expect(new Set(replicas).size).toBe(copies[p]);
        expect(replicas.every((id) => brokers.includes(id))).toBe(true);
      }
      const unevenness = (all: readonly Replicas[]) =>
        counts(all.flat(), brokers).reduce((sum, count) => sum + count ** 2, 0);
      const options = current.map((replicas, p) => {
        const stay = replicas.filter((id) => brokers.includes(id));
        const free = brokers.filter((id) => !stay.includes(id));
        return choices(free, copies[p]! - stay.length).map((more) => [...stay, ...more]);
      });
      expect(unevenness(placed)).toBe(Math.min(...product(options).map(unevenness)));
    }
  });
});
