import { describe, expect, test } from '@jest/globals';
import { isLeaving, leave } from './leave.ts';
import type { Observed } from './plan.ts';

const observed = (brokers: number[], topics: Record<string, number[][]>): Observed => ({
  brokers,
  topics: Object.fromEntries(
    Object.entries(topics).map(([name, partitions]) => [
      name,
      { partitions: partitions.map((replicas) => ({ replicas, leader: replicas[0]!, isr: replicas })), config: {} },
    ]),
  ),
});

describe('leave', () => {
  test.each<[string, Observed, number, Record<string, number[]>]>([
    ['nothing there', observed([0, 1, 2, 3], { posts: [[0, 1, 2]] }), 3, {}],
    ['to the only one without a copy', observed([0, 1, 2, 3], { posts: [[0, 1, 3]] }), 3, { 'posts-0': [0, 1, 2] }],
    ['who has the data leads', observed([0, 1, 2, 3], { posts: [[3, 2, 1]] }), 3, { 'posts-0': [2, 1, 0] }],
    [
      'one copy, spread over those that stay',
      observed([0, 1, 2, 3], { posts: [[3], [3], [3]] }),
      3,
      { 'posts-0': [0], 'posts-1': [1], 'posts-2': [2] },
    ],
    [
      'two at once, of two topics',
      observed([0, 1, 2, 3, 4], { __consumer_offsets: [[4, 3, 0]], posts: [[0, 1, 2]], more: [[3, 4]] }),
      3,
      { '__consumer_offsets-0': [0, 1, 2], 'more-0': [0, 1] },
    ],
    ['no broker left without a copy', observed([0, 1, 2, 3], { posts: [[0, 1, 2, 3]] }), 3, { 'posts-0': [0, 1, 2] }],
    ['it has died meanwhile', observed([0, 1, 2], { posts: [[0, 1, 3]] }), 3, { 'posts-0': [0, 1, 2] }],
  ])('%s', (_name, state, count, expected) => {
    const moves = leave(state, count);
    expect(Object.fromEntries(moves.map(({ topic, partition, to }) => [`${topic}-${partition}`, to]))).toEqual(
      expected,
    );
    expect(isLeaving(state, count)).toBe(moves.length > 0);
  });
});
