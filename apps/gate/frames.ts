// MongoDB's wire protocol as the gate needs it: where a message starts and ends, and what its head says; never its whole body.
import { readCommand } from './commands.ts';

/** Bytes of a message's own header. */
export const HEADER_BYTES = 16;
/** The head of a message is read from at most this many of its first bytes. */
export const HEAD_BYTES = 512;
/** The largest message: MongoDB's 48,000,000 bytes and 16 KiB of room for the command around the documents. */
export const MAX_MESSAGE_BYTES = 48_000_000 + 16 * 1024;

/** What the gate knows of a message before it lets it through. */
export interface FrameHead {
  /** Bytes on the wire, header included. */
  readonly wireBytes: number;
  /** Bytes that count: as on the wire, or as they will be once decompressed. */
  readonly sizeBytes: number;
  readonly requestId: number;
  readonly responseTo: number;
  readonly opCode: number;
  /** The command's name; `compressed` or `other` where it can't be read. */
  readonly command: string;
  /** False for a message that nobody answers (`moreToCome`, legacy writes). */
  readonly expectsReply: boolean;
}

/** The bytes are no MongoDB message: the connection can't be followed any further. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError';
  readonly code = 'MALFORMED_FRAME';
}

const EMPTY = Buffer.alloc(0);

/**
 * Splits a stream of bytes into messages, incrementally. After `push`, call `takeBytes` and `takeHead` in turn until
 * both give nothing: `takeHead` opens a message once its first bytes are there, `takeBytes` hands out the open message's
 * bytes (header included) as they come.
 */
export class FrameParser {
  readonly #maxMessageBytes: number;
  #buffer: Buffer = EMPTY;
  #openBytes = 0;

  /** @param maxMessageBytes messages above it are malformed; default {@link MAX_MESSAGE_BYTES} */
  constructor(maxMessageBytes: number = MAX_MESSAGE_BYTES) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Bytes pushed and not yet taken. */
  get bufferedBytes(): number {
    return this.#buffer.length;
  }

  /** True between messages: nothing open, nothing held. */
  get atBoundary(): boolean {
    return this.#openBytes === 0 && this.#buffer.length === 0;
  }

  push(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
  }

  /** The next bytes of the open message, or undefined when there are none or no message is open. */
  takeBytes(): Buffer | undefined {
    if (this.#openBytes === 0 || this.#buffer.length === 0) return undefined;
    const buffer = this.#buffer;
    if (buffer.length <= this.#openBytes) {
      this.#openBytes -= buffer.length;
      this.#buffer = EMPTY;
      return buffer;
    }
    const bytes = buffer.subarray(0, this.#openBytes);
    this.#buffer = buffer.subarray(this.#openBytes);
    this.#openBytes = 0;
    return bytes;
  }

  /** Opens the next message, or gives undefined while too little of it is there. @throws MalformedFrameError */
  takeHead(): FrameHead | undefined {
    const buffer = this.#buffer;
    if (this.#openBytes > 0 || buffer.length < 4) return undefined;
    const wireBytes = buffer.readInt32LE(0);
    if (wireBytes < HEADER_BYTES || wireBytes > this.#maxMessageBytes)
      throw new MalformedFrameError(
        `a message of ${wireBytes} bytes, outside ${HEADER_BYTES}..${this.#maxMessageBytes}: not MongoDB's wire protocol (or TLS, which the gate can't read)`,
      );
    const headBytes = Math.min(wireBytes, HEAD_BYTES);
    if (buffer.length < headBytes) return undefined;
    this.#openBytes = wireBytes;
    return readHead(buffer.subarray(0, headBytes), wireBytes);
  }
}

function readHead(head: Buffer, wireBytes: number): FrameHead {
  const { command, expectsReply, plainBytes } = readCommand(head);
  return {
    wireBytes,
    sizeBytes: Math.max(wireBytes, plainBytes),
    requestId: head.readInt32LE(4),
    responseTo: head.readInt32LE(8),
    opCode: head.readInt32LE(12),
    command,
    expectsReply,
  };
}
