// Situations, and what the page says about them.
import { describe, expect, test } from '@jest/globals';
import { problemTableOf } from '../../test/problem-table.ts';
import { lasting, snapshot } from './console.testing.ts';
import { diagnose } from './diagnosis.ts';
import type { Snapshot, UnreachableProcess } from './snapshot.ts';

const options = { table: problemTableOf(), queue: 'Kafka' };
const inWords = (recent: readonly Snapshot[]) =>
  diagnose(recent, options).map(({ severity, text }) => `${severity}: ${text}`);
const unreachable = (component: UnreachableProcess['component'], seconds: number, n = 1): UnreachableProcess[] =>
  Array.from({ length: n }, (_, i) => ({
    component,
    address: `10.0.0.${i}:9464`,
    reason: 'connection refused',
    seconds,
  }));

describe('no problem', () => {
  test.each<[string, Snapshot[]]>([
    ['before anything is known', []],
    ['in a healthy system', lasting(60, () => ({}))],
    ['with nothing to do', lasting(60, () => ({ queue: { lag: 0 }, consumer: { processes: 0, stored: 0 } }))],
    ['while a pod starts', lasting(60, () => ({ unreachable: unreachable('api', 9) }))],
    ['while the first consumer starts', lasting(8, () => ({ consumer: { processes: 0, stored: 0 } }))],
    ['before the consumers store anything', lasting(8, () => ({ consumer: { stored: 0 } }))],
    ['right after the start', lasting(2, () => ({ api: { processes: 0 }, queue: { lag: null } }))],
    ['at the limit, with nothing waiting', lasting(9, () => ({ gate: { operations: 100, waiting: 0 } }))],
    ['close to the limit, with operations waiting', lasting(9, () => ({ gate: { operations: 94, waiting: 3 } }))],
    ['without a limit', lasting(9, () => ({ gate: { limit: 0, operations: 9_000, waiting: 3 } }))],
    [
      'while the lag goes up and down',
      lasting(60, (s) => ({ queue: { lag: (s % 9) * 2_000 }, consumer: { stored: s % 9 === 0 ? 18_000 : 0.1 } })),
    ],
    ['after a burst', lasting(60, (s) => ({ queue: { lag: s < 40 ? s * 5_000 : 200_000 - (s - 40) * 1_000 } }))],
    [
      'without a gate',
      lasting(60, () => ({ components: ['api'], gate: { processes: 0, limit: null, mongoUp: null } })),
    ],
    [
      'when nothing is stored any more',
      lasting(60, (s) => ({
        consumer: { delayP95: s < 30 ? 4_800 : null },
        queue: { lag: 0 },
      })),
    ],
    ['one late batch', lasting(60, (s) => ({ consumer: { delayP95: s === 58 ? 9_000 : 600 } }))],
    ['one slow moment', [...lasting(30, () => ({})), snapshot({ api: { p95: 5_000 } })]],
  ])('%s', (_when, recent) => {
    expect(inWords(recent)).toEqual([]);
  });
});

describe('problems, in words', () => {
  test.each<[string, Snapshot[], string[]]>([
    [
      'MongoDB is down',
      lasting(60, () => ({ gate: { mongoUp: false, operations: 0 }, consumer: { stored: 0, storing: false } })),
      [
        'critical: The gate cannot reach MongoDB. Nothing is stored, and records that are not cached cannot be read. Writes are still accepted, and are safe in the queue.',
      ],
    ],
    [
      'The store refuses batches',
      lasting(6, () => ({ consumer: { stored: 0, storing: false } })),
      [
        'critical: The store refuses batches, and the consumers keep retrying them. Nothing is stored. Accepted records are safe in the queue.',
      ],
    ],
    [
      'consumers hang',
      lasting(60, () => ({ consumer: { stored: 0 } })),
      [
        'critical: Records are waiting (1,200) and none is being stored. Accepted records are safe in the queue, but it fills up.',
      ],
    ],
    [
      'no consumer',
      lasting(60, () => ({ consumer: { processes: 0, stored: 0 }, queue: { lag: 12_345 } })),
      [
        'critical: Records are waiting (12,345) and none is being stored. Accepted records are safe in the queue, but it fills up. No consumer is running.',
      ],
    ],
    [
      'the last consumer has just stopped: its rate lingers',
      lasting(60, () => ({ consumer: { processes: 0, stored: 900 }, queue: { lag: 12_345 } })),
      [
        'critical: Records are waiting (12,345) and none is being stored. Accepted records are safe in the queue, but it fills up. No consumer is running.',
      ],
    ],
    [
      'no consumer, and MongoDB is down',
      lasting(60, () => ({ gate: { mongoUp: false }, consumer: { processes: 0, stored: 0, storing: null } })),
      [
        'critical: The gate cannot reach MongoDB. Nothing is stored, and records that are not cached cannot be read. Writes are still accepted, and are safe in the queue.',
        'critical: Records are waiting (1,200) and none is being stored. Accepted records are safe in the queue, but it fills up. No consumer is running.',
      ],
    ],
    [
      'the only consumer is frozen',
      lasting(60, () => ({
        consumer: { processes: 0, stored: 0 },
        queue: { lag: 12_345 },
        unreachable: unreachable('consumer', 10),
      })),
      [
        'critical: The consumer does not answer: 10.0.0.0:9464, connection refused. Accepted records wait in the queue.',
      ],
    ],
    [
      'the queue is full',
      lasting(9, () => ({ queue: { lag: 1_000_000 }, api: { shed: { queue_full: 900 } } })),
      [
        'critical: The queue is full: 1,000,000 records are waiting. Writes are answered 503 until the consumers catch up.',
      ],
    ],
    [
      "the queue's server is full before the queue is",
      lasting(9, () => ({ queue: { lag: 235 }, api: { shed: { queue_full: 242 } } })),
      [
        'critical: Kafka has no room left, though only 235 of 1,000,000 records are waiting. Writes are answered 503 until the consumers catch up.',
      ],
    ],
    [
      'the queue is nearly full',
      lasting(9, () => ({ queue: { lag: 850_000 }, consumer: { stored: 4_000 } })),
      [
        'critical: The queue is 85.0 % full. Once the queue is full, every write is answered 503. At this rate it is full in 3 min.',
      ],
    ],
    [
      'the queue is nearly full of large records',
      lasting(9, () => ({ queue: { lag: 9_000, lagBytes: 966_367_642 }, consumer: { stored: 4_900 } })),
      [
        'critical: The queue is 90.0 % full. Once the queue is full, every write is answered 503. At this rate it is full in 10 s.',
      ],
    ],
    [
      'the queue is full of large records',
      lasting(9, () => ({ queue: { lag: 9_000, lagBytes: 1_072_000_000 }, api: { shed: { queue_full: 900 } } })),
      [
        'critical: The queue is full: 1.0 GiB in 9,000 records are waiting. Writes are answered 503 until the consumers catch up.',
      ],
    ],
    [
      'the size of what waits is unknown',
      lasting(9, () => ({ queue: { lag: 850_000, lagBytes: null, maxBytes: null }, consumer: { stored: 4_000 } })),
      [
        'critical: The queue is 85.0 % full. Once the queue is full, every write is answered 503. At this rate it is full in 3 min.',
      ],
    ],
    [
      'the queue was nearly full',
      lasting(9, () => ({ queue: { lag: 850_000 }, consumer: { stored: 9_000 } })),
      ['critical: The queue is 85.0 % full. Once the queue is full, every write is answered 503.'],
    ],
    [
      'the queue is unreachable',
      lasting(9, () => ({ queue: { lag: null, deadLetters: null }, api: { shed: { queue_unavailable: 40 } } })),
      [
        'critical: The queue (Kafka) does not answer. Writes are answered 503. Records that were accepted are safe.',
        'warning: The API sheds 40 requests per second (4.0 % of all): the queue is unreachable. These requests get 503 and have to be retried.',
      ],
    ],
    [
      'overload',
      lasting(9, () => ({ api: { shed: { waited: 200, event_loop: 50 } } })),
      [
        'warning: The API sheds 250 requests per second (25.0 % of all): they waited too long for their turn; API processes are overloaded. These requests get 503 and have to be retried.',
      ],
    ],
    [
      'a little overload',
      lasting(9, () => ({ api: { shed: { waited: 0.4 } } })),
      [
        'warning: The API sheds 0.4 requests per second (<0.1 % of all): they waited too long for their turn. These requests get 503 and have to be retried.',
      ],
    ],
    [
      'slow answers',
      lasting(9, () => ({ api: { p95: 2_540 } })),
      ['warning: The p95 latency is 2.5 s. One request in twenty takes longer than the 2 s that users are promised.'],
    ],
    [
      'MongoDB is at its limit',
      lasting(9, () => ({ gate: { operations: 99.6, waiting: 35, waitP95: 350 } })),
      [
        'warning: MongoDB performs 99.6 % of the operations that the gate allows. Reads of records that are not cached have to wait, and the lag may grow. Waiting operations: 35; one in twenty waits longer than 350 ms.',
      ],
    ],
    [
      'the lag grows',
      lasting(60, (second) => ({ queue: { lag: 1_000 * second }, consumer: { stored: 4_000 } })),
      [
        'warning: The lag grows by 1,000 records per second. More is accepted than stored: what users write is stored later and later, and refused in the end.',
      ],
    ],
    [
      'the lag grows, though each stored batch reduces it for a moment',
      lasting(60, (second) => ({
        queue: { lag: 1_000 * second + (second % 9) * 1_000 },
        consumer: { stored: second % 9 === 0 ? 9_000 : 0.1 },
      })),
      [
        'warning: The lag grows by 950 records per second. More is accepted than stored: what users write is stored later and later, and refused in the end.',
      ],
    ],
    [
      'the lag grows, which is why records are stored late',
      lasting(60, (second) => ({ queue: { lag: 1_000 * second }, consumer: { stored: 4_000, delayP95: 9_000 } })),
      [
        'warning: The lag grows by 1,000 records per second. More is accepted than stored: what users write is stored later and later, and refused in the end.',
      ],
    ],
    [
      'records are stored late, batch by batch',
      lasting(60, (second) => ({ consumer: { delayP95: second % 4 === 0 ? 4_800 : null } })),
      [
        'warning: One record in twenty is stored more than 4.8 s after it was accepted. The store or the consumers are slow. Accepted records are safe in the queue.',
      ],
    ],
    [
      'the cache fails',
      lasting(9, () => ({ cache: { errors: 12 } })),
      ['warning: The cache fails 12 times per second. Reads go to the store instead.'],
    ],
    [
      'dead letters',
      lasting(9, () => ({ queue: { deadLetters: 3 } })),
      [
        'warning: Dead letters: 3. The store refused records that were accepted. They wait for a decision. "npm run deadletters -- list" says why.',
      ],
    ],
    [
      'accepted records are gone',
      lasting(9, () => ({ consumer: { lost: 1_203 } })),
      [
        'critical: Records lost since the consumers started: 1,203. Accepted records were gone from the queue before they were stored.',
      ],
    ],
    [
      'one process of several',
      lasting(9, () => ({ api: { processes: 2 }, unreachable: unreachable('api', 12) })),
      [
        'warning: 1 of 3 API processes does not answer: 10.0.0.0:9464, connection refused. Capacity is missing: other processes of its kind, if there are any, carry its load.',
      ],
    ],
    [
      'many of many',
      lasting(9, () => ({ api: { processes: 20 }, unreachable: unreachable('api', 12, 10) })),
      [
        'warning: 10 of 30 API processes do not answer. Capacity is missing: other processes of its kind, if there are any, carry its load.',
      ],
    ],
    [
      'the only one',
      lasting(9, () => ({
        gate: { processes: 0, limit: null, waiting: null, mongoUp: null },
        unreachable: unreachable('gate', 12),
      })),
      [
        'critical: The gate does not answer: 10.0.0.0:9464, connection refused. The path to MongoDB is gone: nothing is stored, and only cached records can be read.',
      ],
    ],
    [
      'all of them',
      lasting(9, () => ({ api: { processes: 0 }, unreachable: unreachable('api', 12, 4) })),
      ['critical: All 4 API processes do not answer. Users get no answers.'],
    ],
    [
      'none at all',
      lasting(9, () => ({ api: { processes: 0 } })),
      ['critical: No API process is running. Users get no answers.'],
    ],
    [
      'the producer',
      lasting(9, () => ({ producer: { processes: 0 }, unreachable: unreachable('producer', 12) })),
      ['critical: The producer does not answer: 10.0.0.0:9464, connection refused. No messages are produced.'],
    ],
    [
      'names that cannot be looked up',
      lasting(9, () => ({ api: { processes: 0 }, unresolved: { api: 'api-pods could not be looked up (EAI_AGAIN)' } })),
      ['warning: api-pods could not be looked up (EAI_AGAIN). Numbers may be missing from this page.'],
    ],
  ])('%s', (_what, recent, expected) => {
    expect(inWords(recent)).toEqual(expected);
  });

  test('critical problems come first, and keep their ids', () => {
    const recent = lasting(60, () => ({
      queue: { deadLetters: 2 },
      gate: { mongoUp: false },
      cache: { errors: 1 },
      unreachable: unreachable('api', 12),
    }));
    expect(diagnose(recent, options).map(({ id, place }) => [id, place])).toEqual([
      ['MongoUnreachable', 'mongo'],
      ['TargetDown-api', 'api'],
      ['CacheFailing', 'cache'],
      ['DeadLetters', 'dead-letters'],
    ]);
  });
});

describe("the stack's own limits", () => {
  const diagnosed = (config: Record<string, unknown>, changes: NonNullable<Parameters<typeof snapshot>[0]>) =>
    diagnose(
      lasting(9, () => changes),
      { ...options, table: problemTableOf(config) },
    ).map(({ text }) => text);

  test('the promised latency', () => {
    expect(diagnosed({ 'monitoring:latencyLimitMs': 3_000 }, { api: { p95: 2_540 } })).toEqual([]);
    expect(diagnosed({ 'monitoring:latencyLimitMs': 500 }, { api: { p95: 510 } })).toEqual([
      'The p95 latency is 510 ms. One request in twenty takes longer than the 0.5 s that users are promised.',
    ]);
  });
});
