// MongoDB's wire protocol as far as the gate needs it: where messages start and end, and their
// head, but never a whole body.
import { readCommand } from './commands.ts';

/** Size of a message's header. */
export const HEADER_BYTES = 16;
/** Maximum number of bytes from which the head of a message is read. */
const HEAD_BYTES = 512;
/**
 * Maximum message size: MongoDB's 48,000,000 bytes and 16 KiB for the command around the documents.
 */
export const MAX_MESSAGE_BYTES = 48_000_000 + 16 * 1024;

/** What the gate knows about a message before it forwards it. */
export interface FrameHead {
  /** Bytes on the wire, including the header. */
  readonly wireBytes: number;
  /** Bytes that are charged: those on the wire, or those after decompression if more. */
  readonly sizeBytes: number;
  readonly requestId: number;
  readonly responseTo: number;
  readonly opCode: number;
  /** The command's name; `compressed` or `other` if it cannot be read. */
  readonly command: string;
  /** False for a message without a reply (`moreToCome`, legacy writes). */
  readonly expectsReply: boolean;
}

/** The bytes are no MongoDB message, so the rest of the connection cannot be parsed. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError';
  readonly code = 'MALFORMED_FRAME';
}

const EMPTY = Buffer.alloc(0);

/**
 * Splits a stream of bytes into messages, incrementally. After `push`, call `takeBytes` and
 * `takeHead` in turn until both return nothing: `takeHead` opens a message once its first bytes
 * have arrived, `takeBytes` hands out the bytes of the open message, including the header, as they
 * arrive.
 */
export class FrameParser {
  readonly #maxMessageBytes: number;
  #buffer: Buffer = EMPTY;
  #openBytes = 0;

  /** @param maxMessageBytes larger messages are malformed; default: {@link MAX_MESSAGE_BYTES} */
  constructor(maxMessageBytes: number = MAX_MESSAGE_BYTES) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Number of bytes pushed and not yet taken. */
  get bufferedBytes(): number {
    return this.#buffer.length;
  }

  /** Whether the parser is between messages: none is open and no bytes are held. */
  get atBoundary(): boolean {
    return this.#openBytes === 0 && this.#buffer.length === 0;
  }

  push(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
  }

  /**
   * Takes the next bytes of the open message; undefined if there are none or no message is open.
   */
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

  /**
   * Opens the next message; undefined until enough of it has arrived.
   * @throws MalformedFrameError
   */
  takeHead(): FrameHead | undefined {
    const buffer = this.#buffer;
    if (this.#openBytes > 0 || buffer.length < 4) return undefined;
    const wireBytes = buffer.readInt32LE(0);
    if (wireBytes < HEADER_BYTES || wireBytes > this.#maxMessageBytes)
      throw new MalformedFrameError(
        `a message of ${wireBytes} bytes, outside ${HEADER_BYTES}..${this.#maxMessageBytes}: not MongoDB's wire protocol (or TLS, which the gate does not support)`,
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
