// Ready: the next broker can be stopped. Stoppable: this one can. Each row says what breaks when the rule is another one.
import { describe, expect, test } from '@jest/globals';
import { freshVoters, notReady, notStoppable, type View } from './readiness.ts';
import type { Partition, Quorum } from './requests.ts';

const broker = (id: number) => ({ id, host: `kafka-${id}`, port: 9093 });
const partition = (replicas: number[], isr = replicas, leader = isr[0] ?? -1): Partition => ({
  topic: 'posts',
  partition: 0,
  leader,
  replicas,
  isr,
});
const NOW = 1_000_000;
const quorum = (behindMs: Record<number, number> = {}, observers: number[] = [3]): Quorum => {
  const copy = (id: number) => ({ id, caughtUpAt: NOW - (behindMs[id] ?? 100 * id) });
  return { leader: 0, voters: [0, 1, 2].map(copy), observers: observers.map(copy) };
};
const view = (partitions: Partition[], brokers = [0, 1, 2, 3], controllers: Quorum | undefined = quorum()): View => ({
  metadata: { brokers: brokers.map(broker), partitions },
  ...(controllers && { quorum: controllers }),
});

describe('ready', () => {
  test.each<[string, number, View, string | undefined]>([
    ['no topic yet: the first start of all brokers must not wait for one', 1, view([]), undefined],
    ['all replicas in sync', 1, view([partition([0, 1, 2]), partition([1, 2, 0])]), undefined],
    ['the broker is down', 1, {}, 'the broker does not answer'],
    ['up and not registered, or fenced', 1, view([], [0, 2]), 'the broker is not registered'],
    ['a replica is not in sync', 1, view([partition([0, 1, 2], [0, 2])]), '1 replicas are not in sync: posts-0'],
    ['another one is down: not this one’s fault', 1, view([partition([0, 1, 2], [0, 1])], [0, 1]), undefined],
    ['another one is down, and this one is the last in sync', 1, view([partition([0, 1, 2], [1])], [1]), undefined],
    ['replicas that it does not hold', 3, view([partition([0, 1, 2], [0])]), undefined],
    ['offline, with this one waiting for the last leader', 1, view([partition([0, 1], [0], -1)], [1]), 'not in sync'],
    ['no controller leads: its own word may be old', 1, { metadata: view([]).metadata! }, 'no controller'],
    ['cut off from the controllers', 1, view([], [0, 1, 2], quorum({ 1: 60_000 })), 'behind'],
    ['a broker that is no controller, cut off', 3, view([], [0, 3], quorum({ 3: 60_000 })), 'behind'],
    ['a broker that the controllers never saw', 4, view([], [0, 4]), 'behind'],
    ['another controller is cut off', 1, view([], [0, 1, 2], quorum({ 2: 60_000 })), undefined],
    [
      'many replicas: some are named',
      1,
      view(Array.from({ length: 7 }, (_, p) => ({ ...partition([0, 1], [0]), partition: p }))),
      '7 replicas are not in sync: posts-0, posts-1, posts-2, posts-3, posts-4 and 2 more',
    ],
  ])('%s', (_name, id, seen, reason) => {
    const reasons = notReady(id, seen);
    if (reason === undefined) expect(reasons).toEqual([]);
    else expect(reasons).toEqual([expect.stringContaining(reason)]);
  });
});

describe('stoppable', () => {
  test.each<[string, number, View, readonly string[]]>([
    ['nothing on it', 3, view([partition([0, 1, 2])]), []],
    ['all in sync', 1, view([partition([0, 1, 2])]), []],
    ['one of the others is down', 1, view([partition([0, 1, 2], [1, 2])], [1, 2]), ['too few others']],
    ['its own replica is not in sync: nothing to lose', 1, view([partition([0, 1, 2], [0])]), []],
    ['one copy: no other could take over', 1, view([partition([1])]), []],
    ['two copies', 1, view([partition([1, 2])]), []],
    ['two copies, the other behind', 1, view([partition([1, 2], [1])]), ['too few others']],
    ['three of five would stay', 0, view([partition([0, 1, 2, 3, 4], [0, 1, 2, 3])]), []],
    ['two of five would stay', 0, view([partition([0, 1, 2, 3, 4], [0, 1, 2])]), ['too few others']],
    ['the broker is down', 1, {}, []],
    ['another controller is behind', 1, view([], [0, 1, 2], quorum({ 2: 60_000 })), ['majority: 1 of 3']],
    ['another controller is behind, and this is none', 3, view([], [0, 1, 3], quorum({ 2: 60_000 })), []],
    ['no controller leads', 1, { metadata: view([]).metadata! }, ['no controller']],
    ['the only controller', 0, view([], [0], { leader: 0, voters: quorum().voters.slice(0, 1), observers: [] }), []],
  ])('%s', (_name, id, seen, expected) => {
    expect(notStoppable(id, seen)).toEqual(expected.map((text) => expect.stringContaining(text)));
  });
});

test('controllers are fresh by their leader’s clock, and none is without a leader', () => {
  expect(freshVoters(quorum({ 2: 6_000 }))).toEqual([0, 1]);
  expect(freshVoters({ ...quorum(), leader: -1 })).toEqual([]);
});
