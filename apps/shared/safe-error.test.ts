// What may be logged of an error: never the command, document, body, password or quoted text that
// it carries.
import { describe, expect, test } from '@jest/globals';
import { createLogger } from './logger.ts';
import { safeError, scrub } from './safe-error.ts';

const CANARY = 'canary-7f3a';

function jsonError(text: string): Error {
  try {
    JSON.parse(text);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it parses');
}

describe('scrub', () => {
  test.each([
    ['E11000 duplicate key error collection: b.r index: p_1 dup key: { payload: "canary-7f3a" }', 'p_1 dup key: {…}'],
    ["MySQL 1366: Incorrect string value: 'it's canary-7f3a' for column `b`.`r`.`payload` at row 1", 'for column `b`'],
    ["MySQL 1292: Incorrect datetime value: 'canary-7f3a' for column 'createdAt' at row 1", "for column 'createdAt'"],
    ["MySQL 1062: Duplicate entry 'canary-7f3a' for key 'heads'", "for key 'heads'"],
    ['Table has no partition for value canary-7f3a', 'no partition for value …'],
    ['connect mongodb://user:canary-7f3a@mongo:27017/x failed', 'mongodb://***@mongo:27017/x'],
    [jsonError(CANARY).message, 'is not valid JSON'],
    [jsonError(`{"payload":"${CANARY}"`.padEnd(200, ' ') + CANARY).message, 'JSON'],
  ])('%s', (text, kept) => {
    expect(scrub(text)).toContain(kept);
    expect(scrub(text)).not.toContain(CANARY);
  });

  test('leaves other texts alone, and cuts long ones', () => {
    expect(scrub('MongoDB 121: Document failed validation')).toBe('MongoDB 121: Document failed validation');
    expect(scrub('x'.repeat(5_000))).toHaveLength(2_000 + '… (5000 characters)'.length);
  });
});

describe('safeError', () => {
  test('keeps type, code, message, stack and causes; drops what drivers add', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', body: CANARY });
    const error = Object.assign(new TypeError('no', { cause }), {
      command: { name: 'auth', args: [CANARY] },
      writeErrors: [{ op: { payload: CANARY } }],
    });
    const safe = safeError(error);
    expect(safe).toMatchObject({
      type: 'TypeError',
      message: 'no',
      stack: expect.stringContaining('safe-error.test'),
      cause: { type: 'Error', code: 'ECONNREFUSED', message: 'refused' },
    });
    expect(JSON.stringify(safe)).not.toContain(CANARY);
  });

  test('causes in a circle end', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(safeError(error)).length).toBeLessThan(20_000);
  });

  test.each([
    ['text', 'text'],
    [{ secret: CANARY }, '[object Object]'],
    [undefined, '[object Undefined]'],
  ])('of %j', (thrown, expected) => {
    expect(safeError(thrown)).toBe(expected);
  });
});

test('the logger applies both, and drops what is called payload or password', () => {
  const lines: string[] = [];
  const logger = createLogger('test', 'info', { write: (line) => void lines.push(line) });
  logger.error({ err: Object.assign(new Error('x'), { command: { args: [CANARY] } }) }, 'failed');
  logger.error({ err: `dup key: { payload: "${CANARY}" }`, reason: `dup key: { p: "${CANARY}" }` }, 'failed');
  logger.info({ payload: CANARY, password: CANARY, record: { _id: '1', payload: CANARY } }, 'said');
  expect(lines).toHaveLength(3);
  expect(lines.join('')).not.toContain(CANARY);
  expect(JSON.parse(lines[2]!)).toMatchObject({ level: 'info', app: 'test', msg: 'said', record: { _id: '1' } });
});
