import { describe, expect, test } from '@jest/globals';
import { type AssignInput, assign, type Replicas } from './assign.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function counts(partitions: readonly Replicas[], brokers: readonly number[], pick: (replicas: Replicas) => Replicas) {
  const all = partitions.flatMap(pick);
  return brokers.map((broker) => all.filter((id) => id === broker).length);
}
const spread = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);
const moves = (before: readonly Replicas[], after: readonly Replicas[]): number =>
  after.flatMap((replicas, p) => replicas.filter((id) => !(before[p] ?? []).includes(id))).length;

const three = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
];

describe('assign', () => {
  test.each<[string, Partial<AssignInput> & { brokers: number[] }, { moves: number }]>([
    ['a new topic on one broker', { partitions: 3, replicationFactor: 1, brokers: [7] }, { moves: 3 }],
    ['a new topic on three', { partitions: 3, replicationFactor: 3, brokers: [0, 1, 2] }, { moves: 9 }],
    ['more partitions than brokers', { partitions: 12, replicationFactor: 2, brokers: [0, 1, 2, 3, 4] }, { moves: 24 }],
    ['what is balanced already', { current: three, brokers: [0, 1, 2] }, { moves: 0 }],
    ['a fourth broker takes its share and no more', { current: three, brokers: [0, 1, 2, 3] }, { moves: 2 }],
    ['three more brokers', { current: three, brokers: range(6) }, { moves: 3 }],
    [
      'everything on one broker',
      { current: range(6).map(() => [0]), replicationFactor: 1, brokers: [0, 1, 2] },
      { moves: 4 },
    ],
    ['raised replication', { current: [[0], [1], [2]], replicationFactor: 3, brokers: [0, 1, 2] }, { moves: 6 }],
    ['lowered replication', { current: three, replicationFactor: 2, brokers: [0, 1, 2] }, { moves: 0 }],
    ['grown', { current: three, partitions: 6, brokers: [0, 1, 2, 3] }, { moves: 10 }],
    ['a broker that is gone', { current: three, replicationFactor: 2, brokers: [0, 1, 3] }, { moves: 2 }],
    [
      'replication as high as it goes, leaders in one place',
      { current: range(6).map(() => [0, 1, 2]), brokers: [0, 1, 2] },
      { moves: 0 },
    ],
  ])('%s: balanced, minimal, and stable', (_name, given, expected) => {
    const input: AssignInput = { current: [], partitions: given.current?.length ?? 1, replicationFactor: 3, ...given };
    const result = assign(input);
    expect(result).toHaveLength(input.partitions);
    for (const replicas of result) {
      expect(new Set(replicas).size).toBe(input.replicationFactor);
      expect(replicas.every((id) => input.brokers.includes(id))).toBe(true);
    }
    expect(spread(counts(result, input.brokers, (replicas) => replicas))).toBeLessThanOrEqual(1);
    expect(spread(counts(result, input.brokers, ([leader]) => [leader!]))).toBeLessThanOrEqual(1);
    expect(moves(input.current, result)).toBe(expected.moves);
    expect(assign({ ...input, current: result })).toEqual(result);
  });

  test('the load of other topics breaks ties', () => {
    const load = new Map([
      [0, 5],
      [1, 1],
      [2, 9],
    ]);
    expect(assign({ current: [], partitions: 1, replicationFactor: 2, brokers: [0, 1, 2], load })).toEqual([[1, 0]]);
  });

  test('any state ends balanced and stable', () => {
    let seed = 7;
    const random = (n: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return seed % n;
    };
    for (let round = 0; round < 300; round++) {
      const brokers = range(1 + random(7));
      const replicationFactor = 1 + random(brokers.length);
      const pick = (): number[] => brokers.toSorted(() => random(3) - 1).slice(0, 1 + random(brokers.length));
      const current = range(random(9)).map(pick);
      const partitions = current.length + 1 + random(4);
      const input = { current, partitions, replicationFactor, brokers };
      const result = assign(input);
      expect(spread(counts(result, brokers, (replicas) => replicas))).toBeLessThanOrEqual(1);
      expect(assign({ ...input, current: result })).toEqual(result);
    }
  });
});
