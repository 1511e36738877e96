// Ready: the next broker can be stopped. Stoppable: this one can. Each row says what a different
// rule would break.
import { describe, expect, test } from '@jest/globals';
import { freshVoters, notReady, notStoppable, type View } from './readiness.ts';
import type { Metadata, Partition, Quorum } from './requests.ts';

const partition = (replicas: number[], isr = replicas, leader = isr[0] ?? -1): Partition => ({
  topic: 'posts',
  partition: 0,
  leader,
  replicas,
  isr,
});
const seen = (partitions: Partition[] = [], brokers = [0, 1, 2, 3]): Metadata => ({
  brokers: brokers.map((id) => ({ id, host: `kafka-${id}`, port: 9093 })),
  partitions,
});
/** A view on which all brokers agree. */
const all = (partitions: Partition[] = [], brokers?: number[]): View => {
  const own = seen(partitions, brokers);
  return own.brokers.length > 1 ? { own, other: own, quorum: quorum() } : { own, quorum: quorum() };
};
const NOW = 1_000_000;
const quorum = (behindMs: Record<number, number> = {}, observers: number[] = [3]): Quorum => {
  const copy = (id: number) => ({ id, caughtUpAt: NOW - (behindMs[id] ?? 100 * id) });
  return { leader: 0, voters: [0, 1, 2].map(copy), observers: observers.map(copy) };
};
const mine = partition([0, 1, 2]);
const late = partition([0, 1, 2], [0, 2]);

const rows: [name: string, broker: number, view: View, reason: string | undefined][] = [
  ['no topic yet: the first start of all brokers must not wait for one', 1, all(), undefined],
  ['all replicas in sync', 1, all([mine, partition([1, 2, 0])]), undefined],
  ['a single broker', 0, all([partition([0])], [0]), undefined],
  ['the broker is down', 1, {}, 'the broker does not answer'],
  ['up and not registered, or fenced', 1, all([], [0, 2]), 'the broker is not registered'],
  ['a replica is not in sync', 1, all([late]), '1 replicas are not in sync: posts-0'],
  ['another broker is down: this one is ready', 1, all([partition([0, 1, 2], [0, 1])], [0, 1]), undefined],
  ['replicas that it does not hold', 3, all([partition([0, 1, 2], [0])]), undefined],
  ['offline, and this one waits for the last leader', 1, all([partition([0, 1], [0], -1)], [1]), 'not in sync'],
  [
    'no controller answers, as while the one that leads hangs',
    1,
    { own: seen([mine]), other: seen([mine]) },
    undefined,
  ],
  ['cut off, and no other broker answers', 1, { own: seen([mine]), quorum: quorum() }, 'no other broker answers'],
  [
    'cut off from the controllers: the others know it is fenced',
    1,
    { own: seen(), other: seen([], [0, 2]) },
    'registered',
  ],
  ['cut off from the controllers: the others know it is behind', 1, { own: seen([mine]), other: seen([late]) }, 'sync'],
  ['the others do not know yet that it is back', 1, { own: seen([late]), other: seen([mine]) }, 'sync'],
  [
    'many replicas: some are named',
    1,
    all(Array.from({ length: 7 }, (_, p) => ({ ...partition([0, 1], [0]), partition: p }))),
    '7 replicas are not in sync: posts-0, posts-1, posts-2, posts-3, posts-4 and 2 more',
  ],
];

describe('ready', () => {
  test.each(rows)('%s', (_name, id, view, reason) => {
    const reasons = notReady(id, view);
    if (reason === undefined) expect(reasons).toEqual([]);
    else expect(reasons).toEqual([expect.stringContaining(reason)]);
  });

  const registered = (id: number, view?: Metadata) => view?.brokers.some((broker) => broker.id === id) ?? false;
  const inSync = (id: number, view?: Metadata) =>
    view?.partitions.every(({ replicas, isr }) => !replicas.includes(id) || isr.includes(id)) ?? true;
  test.each<[string, (id: number, view: View) => boolean]>([
    ['that it listens', (_id, { own }) => own !== undefined],
    ['that it is registered', (id, { own, other }) => registered(id, own) && (!other || registered(id, other))],
    ['its own view', (id, { own }) => registered(id, own) && inSync(id, own)],
    ['the view of the others', (id, { own, other }) => own !== undefined && registered(id, other) && inSync(id, other)],
    [
      'that no partition in the cluster lacks a copy',
      (_id, { own }) => own?.partitions.every(({ replicas, isr }) => replicas.length === isr.length) ?? false,
    ],
    ['that it has replicas', (id, { own }) => own?.partitions.some(({ replicas }) => replicas.includes(id)) ?? false],
    [
      'that a controller answers',
      (id, { own, quorum: q }) => registered(id, own) && inSync(id, own) && q !== undefined,
    ],
  ])('%s is not enough, or too much', (_rule, isReady) => {
    const wrong = rows.filter(([, id, view, reason]) => isReady(id, view) !== (reason === undefined));
    expect(wrong).not.toEqual([]);
  });
});

describe('stoppable', () => {
  const controllers = (own: Metadata, what: Quorum): View => ({ own, quorum: what });
  test.each<[string, number, View, readonly string[]]>([
    ['nothing on it', 3, all([mine]), []],
    ['all in sync', 1, all([mine]), []],
    ['one of the others is down', 1, all([partition([0, 1, 2], [1, 2])], [1, 2]), ['too few other brokers']],
    ['its own replica is not in sync: nothing to lose', 1, all([partition([0, 1, 2], [0])]), []],
    ['one copy: no other broker could take over', 1, all([partition([1])]), []],
    ['two copies', 1, all([partition([1, 2])]), []],
    ['two copies, the other behind', 1, all([partition([1, 2], [1])]), ['too few other brokers']],
    ['three of five would stay', 0, all([partition([0, 1, 2, 3, 4], [0, 1, 2, 3])]), []],
    ['two of five would stay', 0, all([partition([0, 1, 2, 3, 4], [0, 1, 2])]), ['too few other brokers']],
    ['the broker is down', 1, {}, []],
    ['another controller is behind', 1, controllers(seen(), quorum({ 2: 60_000 })), ['majority: 1 of 3']],
    ['another controller is behind, and this is none', 3, controllers(seen(), quorum({ 2: 60_000 })), []],
    ['no controller answers', 1, { own: seen([mine]) }, ['no controller']],
    ['the only controller', 0, controllers(seen([], [0]), { ...quorum(), voters: quorum().voters.slice(0, 1) }), []],
  ])('%s', (_name, id, view, expected) => {
    expect(notStoppable(id, view)).toEqual(expected.map((text) => expect.stringContaining(text)));
  });
});

test('controllers are up to date by the clock of their leader; without a leader none is', () => {
  expect(freshVoters(quorum({ 2: 6_000 }))).toEqual([0, 1]);
  expect(freshVoters({ ...quorum(), leader: -1 })).toEqual([]);
});
