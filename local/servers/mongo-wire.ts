// The part of MongoDB's wire protocol that carries messages to the embedded engine.

const headerLength = 16;
const opReply = 1;
const opMsg = 2013;
/** The server's own limit on one message. */
const maxMessageLength = 48_000_000;

/** Cuts a byte stream into whole messages; each byte is copied at most once. */
export class WireReader {
  #chunks: Buffer[] = [];
  #held = 0;

  /**
   * Takes what arrived and gives the messages that are now complete.
   *
   * @throws RangeError on a length that cannot be
   */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= 4) {
      if (this.#chunks[0]!.length < 4) this.#join();
      const length = this.#chunks[0]!.readInt32LE(0);
      if (length < headerLength || length > maxMessageLength)
        throw new RangeError(`a message of ${length} bytes cannot be`);
      if (this.#held < length) break;
      this.#join();
      const all = this.#chunks[0]!;
      messages.push(all.subarray(0, length));
      this.#held -= length;
      this.#chunks = this.#held > 0 ? [all.subarray(length)] : [];
    }
    return messages;
  }

  #join(): void {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#held)];
  }
}

interface Reply {
  requestId: number;
  replyId: number;
  /** The request was an OP_QUERY, the old form of the handshake, so the answer is an OP_REPLY. */
  legacy: boolean;
  /** One BSON document. */
  response: Buffer;
}

/** One reply as it goes over the wire. */
export function reply({ requestId, replyId, legacy, response }: Reply): Buffer {
  const bodyAt = headerLength + (legacy ? 20 : 5);
  const frame = Buffer.alloc(bodyAt + response.length);
  frame.writeInt32LE(frame.length, 0);
  frame.writeInt32LE(replyId, 4);
  frame.writeInt32LE(requestId, 8);
  frame.writeInt32LE(legacy ? opReply : opMsg, 12);
  if (legacy) frame.writeInt32LE(1, headerLength + 16); // number of documents
  response.copy(frame, bodyAt);
  return frame;
}

/** A command to the `admin` database as an OP_MSG. Values are 32-bit integers or strings. */
export function adminCommand(requestId: number, command: Readonly<Record<string, number | string>>): Buffer {
  const elements = Object.entries({ ...command, $db: 'admin' }).map(([name, value]) =>
    typeof value === 'number'
      ? Buffer.concat([Buffer.from(`\x10${name}\0`), int32(value)])
      : Buffer.concat([Buffer.from(`\x02${name}\0`), int32(Buffer.byteLength(value) + 1), Buffer.from(`${value}\0`)]),
  );
  const body = Buffer.concat([...elements, Buffer.from([0])]);
  return reply({
    requestId: 0,
    replyId: requestId,
    legacy: false,
    response: Buffer.concat([int32(body.length + 4), body]),
  });
}

/** The smallest command that shows that a server answers. */
export const helloRequest = (requestId: number): Buffer => adminCommand(requestId, { hello: 1 });

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
