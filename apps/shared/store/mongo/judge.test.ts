import { describe, expect, test } from '@jest/globals';
import { judge } from './store.ts';

const ownId = {
  index: 1,
  code: 11_000,
  errmsg: 'E11000 duplicate key error collection: breakwater.records index: _id_ dup key: { _id: "1" }',
};
const otherIndex = {
  index: 2,
  code: 11_000,
  errmsg: 'E11000 duplicate key error collection: breakwater.records index: payload_1 dup key: { payload: "c" }',
};
const invalid = { index: 3, code: 121, errmsg: 'Document failed validation' };

describe('judge', () => {
  test('an id that is there already is a duplicate: success', () => {
    expect(judge({ n: 3, writeErrors: [ownId] })).toEqual({ stored: 3, duplicates: 1, refused: [] });
  });

  test('the key pattern decides where the server gives one', () => {
    const writeErrors = [
      { ...ownId, errmsg: 'duplicate', keyPattern: { _id: 1 } },
      { ...otherIndex, errmsg: 'in index: _id_', keyPattern: { payload: 1 } },
    ];
    expect(judge({ n: 2, writeErrors })).toMatchObject({ stored: 2, duplicates: 1, refused: [{ index: 2 }] });
  });

  test('a duplicate of another index is refused: it is another record', () => {
    expect(judge({ n: 3, writeErrors: [otherIndex] })).toEqual({
      stored: 3,
      duplicates: 0,
      refused: [{ index: 2, reason: `MongoDB 11000: ${otherIndex.errmsg}` }],
    });
  });

  test('a document that MongoDB refuses goes alone', () => {
    expect(judge({ n: 2, writeErrors: [ownId, invalid] })).toEqual({
      stored: 2,
      duplicates: 1,
      refused: [{ index: 3, reason: 'MongoDB 121: Document failed validation' }],
    });
  });

  test.each([
    [2, 'object to insert too large'],
    [15, 'cannot insert document because it exceeds 180 levels of nesting'],
    [16, 'invalid length'],
    [22, 'invalid BSON'],
    [53, 'invalid _id'],
    [121, 'Document failed validation'],
    [10_334, 'BSONObj size is invalid'],
    [17_280, 'index key too long'],
  ])('code %d speaks of the document: it is refused', (code, errmsg) => {
    const { refused } = judge({ n: 3, writeErrors: [{ index: 2, code, errmsg }] });
    expect(refused).toEqual([{ index: 2, reason: `MongoDB ${code}: ${errmsg}` }]);
  });

  test.each([
    [1, 'internal error'],
    [13, 'not authorized'],
    [26, 'namespace not found'],
    [50, 'exceeded time limit'],
    [91, 'shutdown in progress'],
    [112, 'write conflict'],
    [146, 'exceeded memory limit'],
    [279, 'client disconnected'],
    [290, 'transaction exceeded its lifetime'],
    [10_107, 'not primary'],
    [11_600, 'interrupted at shutdown'],
    [14_031, 'out of disk space'],
    [4_711_000, 'a code of the future'],
  ])('code %d is not known to be permanent: the batch is tried again', (code, errmsg) => {
    expect(() => judge({ n: 1, writeErrors: [ownId, { index: 2, code, errmsg }, invalid] })).toThrow(errmsg);
  });

  test('a write concern that was not met is tried again, whatever else', () => {
    const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' };
    expect(() => judge({ n: 3, writeErrors: [ownId], writeConcernError })).toThrow('timed out');
  });
});
