import { describe, expect, test } from '@jest/globals';
import { makeRecords } from './record.testing.ts';
import { type DataRecord, decodeRecord, encodeRecord } from './record.ts';

describe('decodeRecord', () => {
  const [record] = makeRecords('post', 'o', ['payload with "quotes", \u0000 and \ud83d\ude80']) as [DataRecord];

  test('gives back what was encoded', () => {
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });

  test.each<[string, string]>([
    ['', 'JSON'],
    ['{', 'JSON'],
    ['null', 'not a record'],
    ['"text"', 'not a record'],
    ['[]', '_id'],
    ['{}', '_id'],
    [JSON.stringify({ ...record, _id: 7 }), '_id'],
    [JSON.stringify({ ...record, type: undefined }), 'type'],
    [JSON.stringify({ ...record, index: '0' }), 'index'],
    [JSON.stringify({ ...record, index: 0.5 }), 'index'],
    [JSON.stringify({ ...record, index: 2 ** 31 }), 'index'],
    [JSON.stringify({ ...record, payload: null }), 'payload'],
    [JSON.stringify({ ...record, origin: {} }), 'origin'],
    [JSON.stringify({ ...record, createdAt: 'yesterday' }), 'createdAt'],
  ])('refuses %s', (text, what) => {
    expect(() => decodeRecord(text)).toThrow(SyntaxError);
    expect(() => decodeRecord(text)).toThrow(what);
  });
});
