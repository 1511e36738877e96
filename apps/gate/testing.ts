// What the gate's tests share: messages made by hand, and the busiest second of a list of times.

/** One message of the wire protocol. */
export function message(opCode: number, body: Buffer, requestId = 1, responseTo = 0): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(16 + body.length, 0);
  head.writeInt32LE(requestId, 4);
  head.writeInt32LE(responseTo, 8);
  head.writeInt32LE(opCode, 12);
  return Buffer.concat([head, body]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** A BSON document `{ [command]: 1, padding: <so many bytes> }`. */
export function commandDocument(command: string, paddingBytes = 0): Buffer {
  const elements = Buffer.concat([
    Buffer.from(`\x10${command}\0`, 'latin1'),
    int32(1),
    Buffer.from('\x05padding\0', 'latin1'),
    int32(paddingBytes),
    Buffer.alloc(1 + paddingBytes),
    Buffer.alloc(1),
  ]);
  return Buffer.concat([int32(4 + elements.length), elements]);
}

/** A kind-0 section. */
export const commandSection = (command: string, paddingBytes = 0): Buffer =>
  Buffer.concat([Buffer.from([0]), commandDocument(command, paddingBytes)]);

/** The body of an OP_MSG. */
export const msgBody = (sections: readonly Buffer[], flags = 0): Buffer => Buffer.concat([int32(flags), ...sections]);

/** The most times within any span of `spanMs` (its end not included). */
export function busiestSpan(times: readonly number[], spanMs = 1000): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= spanMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
