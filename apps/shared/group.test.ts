import { describe, expect, test } from '@jest/globals';
import { BSON } from 'mongodb';
import { Documents, encodeGroup, GroupIds, MAX_GROUP_RECORDS, makeGroup } from './group.ts';
import { makeRecords, positionIn } from './record.testing.ts';
import { type DataRecord, RECORD_ID } from './record.ts';

const now = new Date('2026-01-02T03:04:05.678Z');

describe('makeGroup', () => {
  test('one record a payload, in order, with what they share, ids by request', () => {
    const requests = [
      { type: 'post', origin: 'run/1/2', payloads: ['a', 'b'] },
      { type: 'post', origin: 'other', payloads: ['c'] },
    ];
    const { records, ids } = makeGroup('0123456789abcdef01234', requests, now);
    const createdAt = now.toISOString();
    expect(records).toEqual([
      { _id: '0123456789abcdef01234000', type: 'post', index: 0, payload: 'a', createdAt, origin: 'run/1/2' },
      { _id: '0123456789abcdef01234001', type: 'post', index: 1, payload: 'b', createdAt, origin: 'run/1/2' },
      { _id: '0123456789abcdef01234002', type: 'post', index: 0, payload: 'c', createdAt, origin: 'other' },
    ]);
    expect(ids).toEqual([[records[0]!._id, records[1]!._id], [records[2]!._id]]);
  });

  test('a group has a limit', () => {
    const payloads = Array<string>(MAX_GROUP_RECORDS).fill('');
    const { records } = makeGroup('g'.repeat(21), [{ type: 'post', origin: 'o', payloads }]);
    expect(records.at(-1)!._id).toBe(`${'g'.repeat(21)}fff`);
    expect(() => makeGroup('g', [{ type: 'post', origin: 'o', payloads: [...payloads, ''] }])).toThrow(RangeError);
  });
});

test('ids of groups are unique and begin with the second', () => {
  const ids = new GroupIds();
  const made = Array.from({ length: 10_000 }, () => ids.next(now.getTime()));
  expect(new Set(made).size).toBe(10_000);
  for (const id of made) expect(`${id}000`).toMatch(RECORD_ID);
  expect(made[0]!.slice(0, 8)).toBe(Math.floor(now.getTime() / 1000).toString(16));
});

describe('documents', () => {
  const records = makeRecords('post', 'Ursprung é', ['', 'plain', 'Grüße, 世界 🌊', 'nul \u0000', 'x'.repeat(70_000)]);
  const parts = [records.slice(0, 2), records.slice(2)].map((part) => Documents.ofRecords(part));
  const documents = Documents.join(parts);

  test('are the bytes that the driver makes', () => {
    const expected = records.map((record) => BSON.serialize({ ...record, createdAt: new Date(record.createdAt) }));
    expect([...documents].map((document) => document.toString('hex'))).toEqual(
      expected.map((bytes) => Buffer.from(bytes).toString('hex')),
    );
    expect(Buffer.concat(documents.chunks()).equals(Buffer.concat([...documents]))).toBe(true);
    expect(documents.bytes).toBe(Buffer.concat(documents.chunks()).length);
  });

  test('give the records back, all or one', () => {
    expect(documents.count).toBe(5);
    expect(documents.records()).toEqual(records);
    expect(documents.record(3)).toEqual(records[3]);
    expect(() => documents.record(5)).toThrow(RangeError);
    expect(() => documents.record(-1)).toThrow(RangeError);
    // Looked up, not searched: of a batch that is refused as a whole each is asked for.
    expect(documents.at(3)).toBe(documents.at(3));
    expect(documents.filter((i) => i !== 1).records()).toEqual(records.filter((_, i) => i !== 1));
  });

  test('times before 1970 and after 2038 too', () => {
    for (const createdAt of ['1969-07-20T20:17:40.123Z', '2286-11-20T17:46:39.999Z']) {
      const record: DataRecord = { ...records[0]!, createdAt };
      expect(Documents.ofRecords([record]).records()).toEqual([record]);
    }
  });

  test('the table says where each record lies', () => {
    const group = encodeGroup(records);
    for (const [i, document] of [...Documents.ofGroup(group)].entries())
      expect(group.subarray(positionIn(group, i), positionIn(group, i + 1)).equals(document)).toBe(true);
    expect(positionIn(group, records.length)).toBe(group.length);
  });

  const good = encodeGroup(records);
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('this is {no record')],
    ['a cut group', good.subarray(0, good.length - 1)],
    ['a group with more behind it', Buffer.concat([good, Buffer.from('x')])],
    ['a table that promises more', Buffer.concat([Buffer.from('00000018'), Buffer.alloc(16)])],
    ['a table without a beginning', Buffer.concat([Buffer.from('7fffffff'), Buffer.alloc(16)])],
  ])('%s is no group', (_, bytes) => {
    expect(() => Documents.ofGroup(bytes)).toThrow(SyntaxError);
  });
});
