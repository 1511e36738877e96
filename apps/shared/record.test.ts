import { describe, expect, test } from '@jest/globals';
import { type DataRecord, decodeRecord, encodeRecord, makeRecords, RECORD_ID } from './record.ts';

describe('makeRecords', () => {
  test('one record a payload, in order, with what they share', () => {
    const now = new Date('2026-01-02T03:04:05.678Z');
    const records = makeRecords('post', 'run/1/2', ['a', 'b'], now);
    expect(records).toEqual([
      {
        _id: expect.stringMatching(RECORD_ID),
        type: 'post',
        index: 0,
        payload: 'a',
        createdAt: now.toISOString(),
        origin: 'run/1/2',
      },
      {
        _id: expect.stringMatching(RECORD_ID),
        type: 'post',
        index: 1,
        payload: 'b',
        createdAt: now.toISOString(),
        origin: 'run/1/2',
      },
    ]);
  });

  test('ids are unique and sort by the order they were made in', () => {
    const ids = Array.from({ length: 200 }, () => makeRecords('post', 'o', new Array(50).fill('x')))
      .flat()
      .map(({ _id }) => _id);
    expect(new Set(ids).size).toBe(10_000);
    expect([...ids].sort()).toEqual(ids);
  });
});

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
    [JSON.stringify({ ...record, payload: null }), 'payload'],
    [JSON.stringify({ ...record, origin: {} }), 'origin'],
    [JSON.stringify({ ...record, createdAt: 'yesterday' }), 'createdAt'],
  ])('refuses %s', (text, what) => {
    expect(() => decodeRecord(text)).toThrow(SyntaxError);
    expect(() => decodeRecord(text)).toThrow(what);
  });
});
