// The price list.
import { describe, expect, test } from '@jest/globals';
import { furtherOperations, requestCost } from './cost.ts';

const KiB = 1024;

describe('requestCost', () => {
  test.each([
    [1, 60],
    [1, 256 * KiB],
    [2, 256 * KiB + 1],
    [2, 512 * KiB],
    [3, 512 * KiB + 1],
    [6, 1_400_000],
    [184, 48_000_000],
  ])('%i for %i bytes', (cost, bytes) => expect(requestCost(false, bytes)).toBe(cost));

  test('a free command pays only for its further size', () => {
    expect(requestCost(true, 256 * KiB)).toBe(0);
    expect(requestCost(true, 256 * KiB + 1)).toBe(1);
  });
});

test.each([
  [0, 16],
  [0, 256 * KiB],
  [1, 256 * KiB + 1],
  [3, 1024 * KiB],
])('%i further operations for a reply of %i bytes', (cost, bytes) => expect(furtherOperations(bytes)).toBe(cost));
