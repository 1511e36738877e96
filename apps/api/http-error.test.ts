import { describe, expect, test } from '@jest/globals';
import { MongoServerSelectionError } from 'mongodb';
import {
  QueueFullError,
  QueueOutcomeUnknownError,
  QueueRefusedError,
  QueueUnavailableError,
  StoreUnavailableError,
} from '../shared/errors.ts';
import { HttpError, toHttpError } from './http-error.ts';

const SECRET = 'redis://10.0.0.7:6379 password hunter2';
const parserError = (type: string, status: number) => Object.assign(new Error(SECRET), { type, status });

describe('toHttpError', () => {
  test.each<[unknown, number, string, RegExp]>([
    [new QueueFullError(SECRET), 503, 'QUEUE_FULL', /nothing was stored/],
    [new QueueUnavailableError(SECRET), 503, 'QUEUE_UNAVAILABLE', /nothing was stored/],
    [new QueueOutcomeUnknownError(SECRET), 503, 'OUTCOME_UNKNOWN', /may or may not be stored/],
    [new StoreUnavailableError(SECRET), 503, 'STORE_UNAVAILABLE', /nothing was stored/],
    [new MongoServerSelectionError(SECRET, {} as never), 503, 'STORE_UNAVAILABLE', /nothing was stored/],
    [parserError('entity.too.large', 413), 413, 'TOO_LARGE', /larger than this API takes/],
    [parserError('charset.unsupported', 415), 415, 'BAD_REQUEST', /cannot be understood/],
    [parserError('request.aborted', 400), 400, 'BAD_REQUEST', /cannot be understood/],
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

  test('says what is wrong with the JSON', () => {
    const error = toHttpError(
      Object.assign(new SyntaxError('Unexpected end'), { type: 'entity.parse.failed', status: 400 }),
    );
    expect(error).toMatchObject({ status: 400, code: 'BAD_JSON', message: 'the body is not JSON: Unexpected end' });
  });

  test('says what is too large for the queue', () => {
    const error = toHttpError(new QueueRefusedError('1.2 MB are more than the queue takes at once'));
    expect(error).toMatchObject({
      status: 413,
      code: 'TOO_LARGE',
      message: '1.2 MB are more than the queue takes at once',
    });
  });

  test('leaves an answer as it is', () => {
    const error = new HttpError(405, 'METHOD_NOT_ALLOWED', 'no', { allow: 'GET' });
    expect(toHttpError(error)).toBe(error);
  });
});
