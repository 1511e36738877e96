import { describe, expect, test } from '@jest/globals';
import {
  AuthenticationError,
  MultipleErrors,
  NetworkError,
  ProtocolError,
  TimeoutError,
  UserError,
} from '@platformatic/kafka';
import { classify, describe as describeError, isUnknownTopic, verdictOf } from './errors.ts';

const protocol = (name: string) => new ProtocolError(name);
const refusedConnection = new NetworkError('Connection to 127.0.0.1:9092 failed.', {
  cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
});
const lostConnection = new NetworkError('Connection closed');

describe('what an error means for the records', () => {
  test.each<[string, Error, string]>([
    ['nobody listens', refusedConnection, 'not stored'],
    [
      'no bootstrap broker',
      new MultipleErrors('Cannot connect to any broker.', [refusedConnection, refusedConnection]),
      'not stored',
    ],
    ['connecting takes too long', new TimeoutError('Connection to 10.0.0.1:9092 timed out.'), 'not stored'],
    ['wrong password', new AuthenticationError('SASL authentication failed.'), 'not stored'],
    ['no such topic', new UserError('Unknown topic posts.'), 'not stored'],
    ['too few replicas, nothing appended', protocol('NOT_ENOUGH_REPLICAS'), 'not stored'],
    ['sequence out of order', protocol('OUT_OF_ORDER_SEQUENCE_NUMBER'), 'not stored'],
    ['too few replicas after it was appended', protocol('NOT_ENOUGH_REPLICAS_AFTER_APPEND'), 'unknown'],
    ['replicas too slow', protocol('REQUEST_TIMED_OUT'), 'unknown'],
    ['leadership lost, perhaps after it was appended', protocol('NOT_LEADER_OR_FOLLOWER'), 'unknown'],
    ['connection lost', lostConnection, 'unknown'],
    ['no answer', new TimeoutError('Request timed out'), 'unknown'],
    ['anything else', new Error('what?'), 'unknown'],
    ['too large', protocol('MESSAGE_TOO_LARGE'), 'refused'],
    [
      'one unknown attempt among certain ones',
      new MultipleErrors('produce failed', [
        refusedConnection,
        new MultipleErrors('x', [lostConnection]),
        refusedConnection,
      ]),
      'unknown',
    ],
    [
      'certain attempts only',
      new MultipleErrors('produce failed', [protocol('NOT_ENOUGH_REPLICAS'), refusedConnection]),
      'not stored',
    ],
  ])('%s', (_name, error, verdict) => {
    expect(verdictOf(error)).toBe(verdict);
  });

  test.each([
    [protocol('NOT_ENOUGH_REPLICAS'), 'QueueUnavailableError', true],
    [lostConnection, 'QueueOutcomeUnknownError', true],
    [protocol('MESSAGE_TOO_LARGE'), 'QueueRefusedError', false],
  ])('%s becomes a %s', (cause, name, canRetry) => {
    expect(classify(cause, 'posts')).toMatchObject({
      name,
      cause,
      canRetry,
      message: expect.stringContaining('posts'),
    });
  });

  test('says each reason once', () => {
    const error = new MultipleErrors('produce failed 3 times.', [lostConnection, refusedConnection, refusedConnection]);
    expect(describeError(error)).toBe('Connection closed, Connection to 127.0.0.1:9092 failed (ECONNREFUSED)');
    expect(isUnknownTopic(new MultipleErrors('x', [new UserError('Unknown topic a.')]))).toBe(true);
    expect(isUnknownTopic(lostConnection)).toBe(false);
  });
});
