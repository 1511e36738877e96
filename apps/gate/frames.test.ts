// However the bytes are split, the messages come out complete and in order.
import { describe, expect, test } from '@jest/globals';
import { OP_MSG } from './commands.ts';
import { FrameParser, HEADER_BYTES, MAX_MESSAGE_BYTES, MalformedFrameError } from './frames.ts';
import { commandSection, int32, message, msgBody } from './gate.testing.ts';

const messages = [
  message(OP_MSG, msgBody([commandSection('hello')]), 1),
  message(OP_MSG, msgBody([commandSection('insert', 5000)]), 2),
  message(4711, Buffer.alloc(0), 3),
  message(OP_MSG, msgBody([commandSection('find', 600)]), 4, 9),
];
const stream = Buffer.concat(messages);

function parse(chunks: readonly Buffer[]): { heads: unknown[]; bytes: Buffer; parser: FrameParser } {
  const parser = new FrameParser();
  const heads: unknown[] = [];
  const out: Buffer[] = [];
  for (const chunk of chunks) {
    parser.push(chunk);
    for (;;) {
      const bytes = parser.takeBytes();
      if (bytes) {
        out.push(bytes);
        continue;
      }
      const head = parser.takeHead();
      if (!head) break;
      heads.push([head.command, head.requestId, head.responseTo, head.wireBytes]);
    }
  }
  return { heads, bytes: Buffer.concat(out), parser };
}

describe('FrameParser', () => {
  test.each([1, 2, 3, 7, 16, 17, 500, 511, 512, 513, 4096, stream.length])('in chunks of %i bytes', (size) => {
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
    const { heads, bytes, parser } = parse(chunks);
    expect(heads).toEqual([
      ['hello', 1, 0, messages[0]!.length],
      ['insert', 2, 0, messages[1]!.length],
      ['other', 3, 0, 16],
      ['find', 4, 9, messages[3]!.length],
    ]);
    expect(bytes.equals(stream)).toBe(true);
    expect(parser.atBoundary).toBe(true);
  });

  test('hands out a large message as it arrives, not only when it is complete', () => {
    const { heads, bytes, parser } = parse([messages[1]!.subarray(0, 1000)]);
    expect(heads).toHaveLength(1);
    expect(bytes).toHaveLength(1000);
    expect(parser.bufferedBytes).toBe(0);
    expect(parser.atBoundary).toBe(false);
  });

  test.each([-1, 0, HEADER_BYTES - 1, MAX_MESSAGE_BYTES + 1, Buffer.from('GET ').readInt32LE()])(
    'a length of %i is malformed',
    (length) => {
      const parser = new FrameParser();
      parser.push(Buffer.concat([int32(length), Buffer.alloc(12)]));
      expect(() => parser.takeHead()).toThrow(MalformedFrameError);
    },
  );

  test('the largest message passes', () => {
    const parser = new FrameParser();
    parser.push(Buffer.concat([int32(MAX_MESSAGE_BYTES), Buffer.alloc(508)]));
    expect(parser.takeHead()).toMatchObject({ wireBytes: MAX_MESSAGE_BYTES });
  });
});
