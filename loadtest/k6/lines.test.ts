import { describe, expect, test } from '@jest/globals';
import { checksumOf } from '../witness/outcome.ts';
import { interruptedIterations, parseLine } from './lines.ts';

const ids = ['1', '2', '3', '4', '5'];
const success = JSON.stringify({ status: 'success', writes: ids, reads: ids });

describe("k6's lines", () => {
  test('an accepted request', () => {
    expect(parseLine(`W 12 345 1.750 200 0 ${success}`)).toMatchObject({
      user: 12,
      iteration: 345,
      latencyMs: 1.75,
      judged: { outcome: 'accepted', checksum: checksumOf(ids), problem: null },
    });
  });
  test.each([
    ['W 0 0 1.000 503 1503 {"code":"QUEUE_FULL"}', 'refused', '503 QUEUE_FULL'],
    ['W 0 0 1.000 503 1503 {"code":"OUTCOME_UNKNOWN"}', 'unknown', '503 OUTCOME_UNKNOWN'],
    ['W 0 0 0.000 0 1212 ', 'refused', 'ECONNREFUSED (not sent)'],
    ['W 0 0 0.000 0 1101 ', 'refused', 'ENOTFOUND (not sent)'],
    ['W 0 0 9.000 0 1220 ', 'unknown', 'ECONNRESET'],
    ['W 0 0 9.000 0 1050 ', 'unknown', 'TIMEOUT'],
    ['W 0 0 9.000 0 1000 ', 'unknown', 'k6 1000'],
  ])('%s', (line, outcome, problem) => expect(parseLine(line)).toMatchObject({ judged: { outcome, problem } }));

  test.each([[''], ['Request Failed error="x"'], ['W 1 2'], ['W a b c']])('not a witness line: %s', (line) =>
    expect(parseLine(line)).toBeNull(),
  );
});

test.each([
  [
    'running (1s), 1/1 VUs, 3 complete and 0 interrupted iterations\nrunning (2s), 0/1 VUs, 4 complete and 2 interrupted iterations',
    2,
  ],
  ['', 0],
])('interrupted iterations', (output, expected) => expect(interruptedIterations(output)).toBe(expected));
