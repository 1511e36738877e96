import { describe, expect, test } from '@jest/globals';
import {
  QueueFullError,
  QueueOutcomeUnknownError,
  QueueRefusedError,
  QueueUnavailableError,
  StoreUnavailableError,
} from '../shared/errors.ts';
import { HttpError, toHttpError } from './http-error.ts';

const SECRET = 'redis://10.0.0.7:6379 password hunter2';

describe('toHttpError', () => {
  test.each<[unknown, number, string, RegExp]>([
    [new QueueFullError(SECRET), 503, 'QUEUE_FULL', /nothing was stored/],
    [new QueueUnavailableError(SECRET), 503, 'QUEUE_UNAVAILABLE', /nothing was stored/],
    [new QueueOutcomeUnknownError(SECRET), 503, 'OUTCOME_UNKNOWN', /may or may not be stored/],
    [new StoreUnavailableError(SECRET), 503, 'STORE_UNAVAILABLE', /nothing was stored/],
    [new QueueRefusedError(SECRET), 413, 'TOO_LARGE', /larger than the queue takes at once/],
    [Object.assign(new URIError(SECRET), { status: 400 }), 400, 'BAD_REQUEST', /cannot be understood/],
    [new Error(SECRET), 500, 'INTERNAL', /logged under this request id/],
    [SECRET, 500, 'INTERNAL', /logged/],
    [undefined, 500, 'INTERNAL', /logged/],
    [null, 500, 'INTERNAL', /logged/],
    [Object.assign(new Error(SECRET), { status: 502 }), 500, 'INTERNAL', /logged/],
  ])('%s', (thrown, status, code, message) => {
    const error = toHttpError(thrown);
    expect(error).toMatchObject({ status, code, message: expect.stringMatching(message) });
    expect(error.message).not.toContain('hunter2');
    expect(error.headers).toEqual(status === 503 ? { 'retry-after': '1' } : {});
  });

  test('leaves an answer as it is', () => {
    const error = new HttpError(405, 'METHOD_NOT_ALLOWED', 'no', { allow: 'GET' });
    expect(toHttpError(error)).toBe(error);
  });
});
