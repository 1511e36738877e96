import { describe, expect, test } from '@jest/globals';
import { QueueFullError, QueueOutcomeUnknownError, QueueUnavailableError } from '../../errors.ts';
import { classify } from './writer.ts';

const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });
const named = (name: string, message: string) => Object.assign(new Error(message), { name });

describe('classify', () => {
  test.each([
    [reply('QUEUEFULL the stream holds as many entries as it may'), QueueFullError],
    [reply("OOM command not allowed when used memory > 'maxmemory'."), QueueFullError],
    [reply('LOADING Redis is loading the dataset in memory'), QueueUnavailableError],
    [reply('MISCONF Errors writing to the AOF file: No space left on device'), QueueUnavailableError],
    [reply('READONLY You can not write against a read only replica.'), QueueUnavailableError],
    [new Error("Stream isn't writeable and enableOfflineQueue options is false"), QueueUnavailableError],
    [
      named('MaxRetriesPerRequestError', 'Reached the max retries per request limit (which is 0).'),
      QueueOutcomeUnknownError,
    ],
    [new Error('Command timed out'), QueueOutcomeUnknownError],
    [new Error('Connection is closed.'), QueueOutcomeUnknownError],
    [Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), QueueOutcomeUnknownError],
  ])('%s', (error, kind) => {
    const classified = classify(error, 'posts');
    expect(classified).toBeInstanceOf(kind);
    expect(classified.cause).toBe(error);
  });
});
