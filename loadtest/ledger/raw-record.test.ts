import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { payloadFor } from '../../apps/shared/payload.ts';
import { expectedPayload, mixedRequest } from '../mixed.ts';
import { isPayload, readRecord } from './raw-record.ts';

const { BSON } = createRequire(new URL('../../apps/package.json', import.meta.url))('mongodb');
const bytes = (document: object): Buffer => Buffer.from(BSON.serialize(document));
const origin = 'run/12/345';
const id = '65f0a0b0c0d0e0f000000001';
const good = { _id: id, type: 'post', index: 3, payload: payloadFor(origin, 3, 512), createdAt: new Date(), origin };

describe('isPayload agrees with payloadFor', () => {
  const lengths = [1, 5, 12, 13, 14, 100, 512, 4096, 40_000, 65_535, 65_536, 100_000];
  const cases = lengths.flatMap((chars) => ['a/0/0', 'run/12/345', 'x'].map((name) => [name, chars] as const));
  test.each(cases)('origin %s, %d characters', (name, chars) => {
    for (let index = 0; index < 20; index++) {
      const payload = Buffer.from(payloadFor(name, index, chars), 'latin1');
      expect(isPayload(payload, name, index)).toBe(true);
      payload[chars >> 1]! ^= 1;
      expect(isPayload(payload, name, index)).toBe(false);
    }
  });
  test('of another index or origin', () => {
    const payload = Buffer.from(payloadFor('run/1/2', 0, 512), 'latin1');
    expect(isPayload(payload, 'run/1/2', 1)).toBe(false);
    expect(isPayload(payload, 'run/1/3', 0)).toBe(false);
  });
});

describe('a record is read out of its bytes', () => {
  test('whole', () => {
    const expected = { id, user: 12, iteration: 345, index: 3, intact: true };
    expect(readRecord(bytes(good), 'run', 512)).toEqual(expected);
  });
  test('with its fields in another order and of other number types', () => {
    const document = {
      payload: good.payload,
      index: new BSON.Double(3),
      extra: { a: [1] },
      origin,
      _id: id,
      flag: true,
    };
    expect(readRecord(bytes(document), 'run', 512)).toMatchObject({ id, index: 3, intact: true });
    expect(readRecord(bytes({ ...good, index: BSON.Long.fromNumber(3) }), 'run', 512)).toMatchObject({ index: 3 });
  });
  test.each([
    ['a character changed', `${good.payload.slice(0, -1)}!`],
    ['cut short', good.payload.slice(0, -1)],
    ['too long', payloadFor(origin, 3, 513)],
    ['empty', ''],
  ])('not intact: %s', (_name, payload) => {
    expect(readRecord(bytes({ ...good, payload }), 'run', 512)).toMatchObject({ intact: false });
  });
  test('of a mixed load, whose payloads follow from the origin', () => {
    const mix = { maxBodyBytes: 10_000 };
    const origins = Array.from({ length: 20 }, (_, i) => `run/1/${i}`);
    const posts = origins.filter((name) => mixedRequest(name, mix).payloads !== undefined);
    expect(posts.length).toBeGreaterThan(0);
    expect(posts.length).toBeLessThan(20);
    for (const name of origins) {
      const document = { ...good, origin: name, payload: expectedPayload(name, 3, 512, mix) };
      expect(readRecord(bytes(document), 'run', 512, mix)).toMatchObject({ intact: true });
      const other = { ...document, payload: `${document.payload}x` };
      expect(readRecord(bytes(other), 'run', 512, mix)).toMatchObject({ intact: false });
    }
  });

  test('of another run is none of ours', () => {
    expect(readRecord(bytes({ ...good, origin: 'run2/1/2' }), 'run', 512)).toBeNull();
  });
  test.each([
    ['no origin', { ...good, origin: undefined }, /is no record/],
    ['no payload', { _id: id, index: 1, origin }, /is no record/],
    ['an object id', { ...good, _id: new BSON.ObjectId() }, /without a string _id/],
    ['a strange origin', { ...good, origin: 'run/1' }, /run\/user\/iteration/],
  ])('refused: %s', (_name, document, message) => {
    expect(() => readRecord(bytes(document), 'run', 512)).toThrow(message);
  });
});
