import { describe, expect, test } from '@jest/globals';
import { parseDataBody, parseOrigin, parseRecordsBody } from './validate.ts';

const five = ['a', 'b', 'c', 'd', 'e'];
const error = (message: string) => expect.objectContaining({ status: 400, code: 'BAD_REQUEST', message });

describe('parseDataBody', () => {
  test('gives the five payloads', () => {
    expect(parseDataBody({ payloads: five })).toEqual(five);
  });

  test.each([
    [undefined, 'body: must be a JSON object (with content-type application/json)'],
    [null, 'body: must be a JSON object (with content-type application/json)'],
    [[five], 'body: must be a JSON object (with content-type application/json)'],
    ['text', 'body: must be a JSON object (with content-type application/json)'],
    [{}, 'payloads: must be an array of 5 strings'],
    [{ payloads: 'abcde' }, 'payloads: must be an array of 5 strings'],
    [{ payloads: five.slice(1) }, 'payloads: must be an array of 5 strings'],
    [{ payloads: [...five, 'f'] }, 'payloads: must be an array of 5 strings'],
    [{ payloads: five, more: 1 }, 'more: is not known; allowed: payloads'],
    [{ payloads: ['a', 'b', 3, 'd', 'e'] }, 'payloads[2]: must be a string'],
    [{ payloads: ['a', 'b', 'c', '', 'e'] }, 'payloads[3]: must not be empty'],
    [
      { payloads: ['a', 'b', 'c', 'd', '\ud800'] },
      'payloads[4]: must be well-formed Unicode (it has half a surrogate pair)',
    ],
  ])('%j', (body, message) => {
    expect(() => parseDataBody(body)).toThrow(error(message));
  });
});

describe('parseRecordsBody', () => {
  test.each([1, 100])('takes %d', (count) => {
    const payloads = Array.from({ length: count }, (_, i) => `p${i}`);
    expect(parseRecordsBody({ records: payloads.map((payload) => ({ payload })) })).toEqual(payloads);
  });

  test.each([
    [undefined, 'body: must be a JSON object (with content-type application/json)'],
    [{}, 'records: must be an array of 1 to 100 objects'],
    [{ records: [] }, 'records: must be an array of 1 to 100 objects'],
    [{ records: new Array(101).fill({ payload: 'x' }) }, 'records: must be an array of 1 to 100 objects'],
    [{ record: [] }, 'record: is not known; allowed: records'],
    [{ records: [{ payload: 'x' }, 'y'] }, 'records[1]: must be an object'],
    [{ records: [null] }, 'records[0]: must be an object'],
    [{ records: [{}] }, 'records[0].payload: must be a string'],
    [{ records: [{ payload: 'x' }, { payload: '' }] }, 'records[1].payload: must not be empty'],
    [{ records: [{ payload: 'x', _id: '1' }] }, 'records[0]._id: is not known; allowed: payload'],
  ])('%j', (body, message) => {
    expect(() => parseRecordsBody(body)).toThrow(error(message));
  });
});

describe('parseOrigin', () => {
  test.each([
    [undefined, 'request-1'],
    ['run-1/12/3', 'run-1/12/3'],
    ['a'.repeat(128), 'a'.repeat(128)],
  ])('%s', (header, origin) => {
    expect(parseOrigin(header, 'request-1')).toBe(origin);
  });

  test.each(['', 'a'.repeat(129), 'a b', 'a\u00e9', '<script>'])('refuses "%s"', (header) => {
    expect(() => parseOrigin(header, 'request-1')).toThrow(
      error('X-Origin: must be 1 to 128 letters, digits or any of . _ / : -'),
    );
  });
});
