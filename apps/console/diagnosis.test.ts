import { describe, expect, test } from '@jest/globals';
import { diagnose } from './diagnosis.ts';
import type { DeafTarget, Snapshot } from './snapshot.ts';
import { lasting, snapshot } from './testing.ts';

const names = { queue: 'Kafka' };
const inWords = (recent: readonly Snapshot[]) => diagnose(recent, names).map(({ level, text }) => `${level}: ${text}`);
const deaf = (component: DeafTarget['component'], seconds: number, n = 1): DeafTarget[] =>
  Array.from({ length: n }, (_, i) => ({ component, address: `10.0.0.${i}:9464`, why: 'connection refused', seconds }));

describe('all is well', () => {
  test.each<[string, Snapshot[]]>([
    ['before anything is known', []],
    ['in good health', lasting(60, () => ({}))],
    ['with nothing to do', lasting(60, () => ({ queue: { lag: 0 }, consumer: { processes: 0, stored: 0 } }))],
    ['while a pod starts', lasting(60, () => ({ deaf: deaf('api', 9) }))],
    ['while the first consumer starts', lasting(8, () => ({ consumer: { processes: 0, stored: 0 } }))],
    ['while consumers begin', lasting(8, () => ({ consumer: { stored: 0 } }))],
    [
      'right after the start, with nobody known yet',
      lasting(2, () => ({ api: { processes: 0 }, queue: { lag: null } })),
    ],
    ['at the limit, with nothing waiting', lasting(9, () => ({ gate: { operations: 100, waiting: 0 } }))],
    ['without a limit', lasting(9, () => ({ gate: { limit: 0, operations: 9_000, waiting: 3 } }))],
    [
      'while the lag goes up and down',
      lasting(60, (s) => ({ queue: { lag: (s % 9) * 2_000 }, consumer: { stored: s % 9 === 0 ? 18_000 : 0.1 } })),
    ],
    ['after a burst', lasting(60, (s) => ({ queue: { lag: s < 40 ? s * 5_000 : 200_000 - (s - 40) * 1_000 } }))],
    ['without a gate', lasting(60, () => ({ asked: ['api'], gate: { processes: 0, limit: null, mongoUp: null } }))],
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

describe('what is wrong, in words', () => {
  test.each<[string, Snapshot[], string[]]>([
    [
      'MongoDB is away',
      lasting(60, () => ({ gate: { mongoUp: false, operations: 0 }, consumer: { stored: 0, storing: false } })),
      [
        'bad: MongoDB is unreachable. Accepted records wait in the queue, none is lost; records that are not cached cannot be read.',
      ],
    ],
    [
      'MongoDB refuses batches',
      lasting(6, () => ({ consumer: { stored: 0, storing: false } })),
      [
        'bad: MongoDB takes no batches: the consumers try again and again. Accepted records wait in the queue, none is lost.',
      ],
    ],
    [
      'consumers hang',
      lasting(60, () => ({ consumer: { stored: 0 } })),
      ['bad: Records wait, and the consumers store none of them.'],
    ],
    [
      'no consumer',
      lasting(60, () => ({ consumer: { processes: 0, stored: 0 }, queue: { lag: 12_345 } })),
      ['bad: 12,345 records wait and no consumer runs.'],
    ],
    [
      'the only consumer is frozen',
      lasting(60, () => ({
        consumer: { processes: 0, stored: 0 },
        queue: { lag: 12_345 },
        deaf: deaf('consumer', 10),
      })),
      ['bad: The consumer does not answer: 10.0.0.0:9464, connection refused. Accepted records wait in the queue.'],
    ],
    [
      'the queue is full',
      lasting(9, () => ({ queue: { lag: 1_000_000 }, api: { shed: { queue_full: 900 } } })),
      ['bad: The queue is full: 1,000,000 records wait. New writes get 503 until the consumers catch up.'],
    ],
    [
      "the queue's server is full before the queue is",
      lasting(9, () => ({ queue: { lag: 235 }, api: { shed: { queue_full: 242 } } })),
      [
        'bad: The queue takes no more, though just 235 of 1,000,000 records wait: Kafka has no room left. New writes get 503.',
      ],
    ],
    [
      'the queue is nearly full',
      lasting(9, () => ({ queue: { lag: 850_000 }, consumer: { stored: 4_000 } })),
      ['warn: The queue is 85 % full, and full in 3 min at this pace.'],
    ],
    [
      'the queue was nearly full',
      lasting(9, () => ({ queue: { lag: 850_000 }, consumer: { stored: 9_000 } })),
      ['warn: The queue is 85 % full.'],
    ],
    [
      'the queue is away',
      lasting(9, () => ({ queue: { lag: null, deadLetters: null }, api: { shed: { queue_unavailable: 40 } } })),
      [
        'bad: The queue (Kafka) does not answer. New writes get 503; nothing that was accepted is lost.',
        'warn: The API sheds 40 requests a second with 503 (4.0 % of all): the queue is unreachable.',
      ],
    ],
    [
      'overload',
      lasting(9, () => ({ api: { shed: { waited: 200, event_loop: 50 } } })),
      [
        'warn: The API sheds 250 requests a second with 503 (25 % of all): they waited too long for their turn; the processes are late.',
      ],
    ],
    [
      'a little overload',
      lasting(9, () => ({ api: { shed: { waited: 0.4 } } })),
      [
        'warn: The API sheds 0.4 requests a second with 503 (less than 0.1 % of all): they waited too long for their turn.',
      ],
    ],
    [
      'slow',
      lasting(9, () => ({ api: { p95: 2_540 } })),
      ['warn: One request in twenty takes longer than 2.5 s; at most 2 s are promised.'],
    ],
    [
      'at the limit',
      lasting(9, () => ({ gate: { operations: 99.6, waiting: 35, waitP95: 350 } })),
      [
        'warn: MongoDB is at its limit: 100 of 100 operations a second, 35 wait; one in twenty waits longer than 350 ms.',
      ],
    ],
    [
      'the lag grows',
      lasting(60, (second) => ({ queue: { lag: 1_000 * second }, consumer: { stored: 4_000 } })),
      ['warn: The lag grows: 1,000 records a second more are accepted than stored.'],
    ],
    [
      'the lag grows, though each batch that is stored makes it less for a moment',
      lasting(60, (second) => ({
        queue: { lag: 1_000 * second + (second % 9) * 1_000 },
        consumer: { stored: second % 9 === 0 ? 9_000 : 0.1 },
      })),
      ['warn: The lag grows: 950 records a second more are accepted than stored.'],
    ],
    [
      'records are stored late, batch by batch',
      lasting(60, (second) => ({ consumer: { delayP95: second % 4 === 0 ? 4_800 : null } })),
      [
        'warn: One record in twenty is stored later than 4.8 s after it was accepted: MongoDB or the consumers are slow.',
      ],
    ],
    [
      'the cache fails',
      lasting(9, () => ({ cache: { errors: 12 } })),
      ['warn: The cache fails 12 times a second: reads go to MongoDB instead.'],
    ],
    [
      'a dead letter',
      lasting(9, () => ({ queue: { deadLetters: 1 } })),
      ['warn: 1 record was refused by MongoDB and is a dead letter. "npm run deadletters -- list" says why.'],
    ],
    [
      'dead letters',
      lasting(9, () => ({ queue: { deadLetters: 3 } })),
      ['warn: 3 records were refused by MongoDB and are dead letters. "npm run deadletters -- list" says why.'],
    ],
    [
      'one process of several',
      lasting(9, () => ({ api: { processes: 2 }, deaf: deaf('api', 12) })),
      ['warn: 1 of 3 API processes does not answer: 10.0.0.0:9464, connection refused.'],
    ],
    [
      'many of many',
      lasting(9, () => ({ api: { processes: 20 }, deaf: deaf('api', 12, 10) })),
      ['warn: 10 of 30 API processes do not answer.'],
    ],
    [
      'the only one',
      lasting(9, () => ({ gate: { processes: 0, limit: null, waiting: null, mongoUp: null }, deaf: deaf('gate', 12) })),
      [
        'bad: The gate does not answer: 10.0.0.0:9464, connection refused. Nothing can be stored, and only cached records can be read.',
      ],
    ],
    [
      'all of them',
      lasting(9, () => ({ api: { processes: 0 }, deaf: deaf('api', 12, 4) })),
      ['bad: All 4 API processes do not answer. Nobody is served.'],
    ],
    ['nobody at all', lasting(9, () => ({ api: { processes: 0 } })), ['bad: No API process runs. Nobody is served.']],
    [
      'names that cannot be looked up',
      lasting(9, () => ({ api: { processes: 0 }, lost: { api: 'api-pods could not be looked up (EAI_AGAIN)' } })),
      ['warn: Numbers may be missing: api-pods could not be looked up (EAI_AGAIN).'],
    ],
  ])('%s', (_what, recent, expected) => {
    expect(inWords(recent)).toEqual(expected);
  });

  test('what is bad comes first, and keeps its name', () => {
    const recent = lasting(60, () => ({ queue: { deadLetters: 2 }, gate: { mongoUp: false }, cache: { errors: 1 } }));
    expect(diagnose(recent, names).map(({ id }) => id)).toEqual(['mongo-away', 'cache-fails', 'dead-letters']);
  });
});
