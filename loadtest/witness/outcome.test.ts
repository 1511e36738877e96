import { describe, expect, test } from '@jest/globals';
import { checksumOf, judge, judgeFailure } from './outcome.ts';

const ids = ['a1', 'b2', 'c3', 'd4', 'e5'];
const body = (fields: object) => JSON.stringify(fields);

describe('judge', () => {
  test.each([
    ['five ids', 200, body({ status: 'success', writes: ids, reads: ids }), 'accepted', false, null],
    [
      'four ids',
      200,
      body({ status: 'success', writes: ids.slice(1), reads: ids }),
      'accepted',
      false,
      'a 200 without five ids',
    ],
    ['a 200 that is no JSON', 200, '<html>', 'accepted', false, 'a 200 without five ids'],
    [
      'a 200 with an error inside',
      200,
      body({ status: 'error', writes: ids }),
      'accepted',
      false,
      'a 200 without five ids',
    ],
    ['full queue', 503, body({ status: 'error', code: 'QUEUE_FULL' }), 'refused', true, '503 QUEUE_FULL'],
    [
      'unknown, as said',
      503,
      body({ status: 'error', code: 'OUTCOME_UNKNOWN' }),
      'unknown',
      false,
      '503 OUTCOME_UNKNOWN',
    ],
    ['a proxy in between', 502, '<html>Bad Gateway</html>', 'unknown', false, '502'],
    ['a proxy without backends', 503, 'no available server', 'unknown', false, '503'],
    ['bad request', 400, body({ status: 'error', code: 'BAD_REQUEST' }), 'refused', false, '400 BAD_REQUEST'],
    ['refused by the HTTP server itself', 431, '', 'refused', false, '431'],
    ['a bug', 500, body({ status: 'error', code: 'INTERNAL' }), 'refused', false, '500 INTERNAL'],
    ['another 2xx', 202, '{}', 'unknown', false, '202'],
    ['a body that is null', 500, 'null', 'unknown', false, '500'],
  ] as const)('%s', (_name, status, text, outcome, shed, problem) => {
    expect(judge(status, text)).toMatchObject({ outcome, shed, problem });
  });

  test('only promised ids have a checksum', () => {
    expect(judge(200, body({ status: 'success', writes: ids, reads: [] }))).toMatchObject({
      checksum: checksumOf(ids),
      reads: 0,
    });
    expect(judge(503, body({ code: 'QUEUE_FULL', writes: ids })).checksum).toBe(0);
  });
});

test('the checksum depends on every id and not on their order', () => {
  expect(checksumOf([...ids].reverse())).toBe(checksumOf(ids));
  for (let i = 0; i < ids.length; i++) expect(checksumOf(ids.with(i, 'x'))).not.toBe(checksumOf(ids));
});

test('the outcome of a broken connection is unknown only if something was sent', () => {
  const error = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
  expect(judgeFailure(error, false)).toMatchObject({
    outcome: 'refused',
    shed: false,
    problem: 'ECONNREFUSED (not sent)',
  });
  expect(judgeFailure(error, true)).toMatchObject({ outcome: 'unknown', problem: 'ECONNREFUSED' });
});
