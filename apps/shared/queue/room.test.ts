import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { QueueFullError } from '../errors.ts';
import { Room } from './room.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A queue that is full until `roomAt`, milliseconds since 1970. */
class FullUntil {
  attempts = 0;
  roomAt: number;

  constructor(roomAt: number) {
    this.roomAt = roomAt;
  }

  readonly attempt = (): string => {
    this.attempts++;
    if (Date.now() < this.roomAt) throw new QueueFullError('full');
    return 'accepted';
  };
}

test('what a full queue refuses is tried again until there is room', async () => {
  const queue = new FullUntil(Date.now() + 700);
  const result = new Room().for(queue.attempt);
  await jest.advanceTimersByTimeAsync(800);
  expect(await result).toBe('accepted');
});

test('a queue that makes no room for a second refuses at once, until it takes records again', async () => {
  const room = new Room();
  const queue = new FullUntil(Number.POSITIVE_INFINITY);
  const waited = expect(room.for(queue.attempt)).rejects.toThrow(QueueFullError);
  await jest.advanceTimersByTimeAsync(1_000);
  await waited;
  queue.attempts = 0;
  await expect(room.for(queue.attempt)).rejects.toThrow(QueueFullError);
  expect(queue.attempts).toBe(1);

  queue.roomAt = Date.now();
  expect(await room.for(queue.attempt)).toBe('accepted');
  queue.roomAt = Date.now() + 700;
  const waits = room.for(queue.attempt);
  await jest.advanceTimersByTimeAsync(800);
  expect(await waits).toBe('accepted');
});

test('other errors are not tried again', async () => {
  const attempt = jest.fn(() => Promise.reject(new Error('down')));
  await expect(new Room().for(attempt)).rejects.toThrow('down');
  expect(attempt).toHaveBeenCalledTimes(1);
});
