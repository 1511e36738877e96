// The witness log: the outcome of every request in twelve bytes, streamed to disk and back.
import { createReadStream, createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Outcome } from './outcome.ts';

/** One request. */
export interface Witness {
  readonly user: number;
  readonly iteration: number;
  readonly outcome: Outcome;
  /** Checksum of the ids that the answer promised, see `checksumOf`. */
  readonly checksum: number;
}

const ENTRY_BYTES = 12;
const CHUNK_BYTES = ENTRY_BYTES * 4096;
const OUTCOMES: readonly Outcome[] = ['accepted', 'refused', 'unknown'];
const CODES: Readonly<Record<Outcome, number>> = { accepted: 0, refused: 1, unknown: 2 };

/**
 * Writes entries of three 32-bit integers, little endian: user, iteration × 4 + outcome, checksum.
 */
export class WitnessWriter {
  readonly #stream;
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #length = 0;
  /** Rejects if the log cannot be written; does not resolve before `close`. */
  readonly failed: Promise<void>;

  constructor(file: string) {
    this.#stream = createWriteStream(file);
    this.failed = finished(this.#stream);
  }

  add(user: number, iteration: number, outcome: Outcome, checksum: number): void {
    const at = this.#length;
    this.#chunk.writeUInt32LE(user, at);
    this.#chunk.writeUInt32LE(iteration * 4 + CODES[outcome], at + 4);
    this.#chunk.writeUInt32LE(checksum, at + 8);
    this.#length = at + ENTRY_BYTES;
    if (this.#length === CHUNK_BYTES) this.#flush();
  }

  #flush(): void {
    this.#stream.write(this.#chunk.subarray(0, this.#length));
    this.#chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    this.#length = 0;
  }

  /** @throws when the log could not be written completely */
  async close(): Promise<void> {
    this.#flush();
    this.#stream.end();
    await this.failed;
  }
}

/**
 * All entries of a log in the order of writing.
 * @throws when the log ends in the middle of an entry
 */
export async function* readWitness(file: string): AsyncGenerator<Witness> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = data.length - (data.length % ENTRY_BYTES);
    for (let at = 0; at < whole; at += ENTRY_BYTES) {
      const packed = data.readUInt32LE(at + 4);
      yield {
        user: data.readUInt32LE(at),
        iteration: packed >>> 2,
        outcome: OUTCOMES[packed & 3]!,
        checksum: data.readUInt32LE(at + 8),
      };
    }
    rest = data.subarray(whole);
  }
  if (rest.length > 0) throw new Error(`the witness log ${file} ends in the middle of an entry; was the disk full?`);
}
