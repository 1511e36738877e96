import { describe, expect, test } from '@jest/globals';
import { helloRequest, reply, WireReader } from './mongo-wire.ts';

const message = (size: number, fill: number): Buffer => {
  const buffer = Buffer.alloc(size, fill);
  buffer.writeInt32LE(size, 0);
  return buffer;
};

describe('WireReader', () => {
  const messages = [message(16, 1), message(100, 2), message(70_000, 3), message(17, 4)];
  const stream = Buffer.concat(messages);

  test.each([1, 3, 16, 50, 65_536, stream.length])(
    'gives whole messages however they arrive: %d bytes at a time',
    (step) => {
      const reader = new WireReader();
      const got: Buffer[] = [];
      for (let at = 0; at < stream.length; at += step) got.push(...reader.push(stream.subarray(at, at + step)));
      expect(got.map((each) => each.length)).toEqual([16, 100, 70_000, 17]);
      expect(Buffer.concat(got).equals(stream)).toBe(true);
    },
  );

  test.each([0, 15, -1, 48_000_001])('refuses a length of %d', (length) => {
    const header = Buffer.alloc(16);
    header.writeInt32LE(length, 0);
    expect(() => new WireReader().push(header)).toThrow(RangeError);
  });
});

test('a reply carries the id of its request, in the form that was asked in', () => {
  const response = Buffer.from('document');
  const modern = reply({ requestId: 7, replyId: 9, legacy: false, response });
  expect([modern.readInt32LE(0), modern.readInt32LE(4), modern.readInt32LE(8), modern.readInt32LE(12)]).toEqual([
    29, 9, 7, 2013,
  ]);
  expect(modern.subarray(21)).toEqual(response);
  const legacy = reply({ requestId: 7, replyId: 9, legacy: true, response });
  expect([legacy.readInt32LE(12), legacy.readInt32LE(32)]).toEqual([1, 1]);
  expect(legacy.subarray(36)).toEqual(response);
});

test('the readiness question is a well-formed command', () => {
  const request = helloRequest(1);
  expect(request.readInt32LE(0)).toBe(request.length);
  expect(request.readInt32LE(21)).toBe(request.length - 21);
});
