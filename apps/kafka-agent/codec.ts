// Kafka's wire format, as far as the agent's five requests need it. The client that the apps use
// would take 65 MB of memory more in each broker's pod.
// @see https://kafka.apache.org/protocol

/** Encodes the body of a request. */
export class Encoder {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    return this.#number(1, (buffer) => buffer.writeInt8(value));
  }

  int16(value: number): this {
    return this.#number(2, (buffer) => buffer.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.#number(4, (buffer) => buffer.writeInt32BE(value));
  }

  int64(value: bigint): this {
    return this.#number(8, (buffer) => buffer.writeBigInt64BE(value));
  }

  string(text: string): this {
    const bytes = Buffer.from(text);
    this.int16(bytes.length);
    this.#parts.push(bytes);
    return this;
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** A null array, which means "all" in requests. */
  nullArray(): this {
    return this.int32(-1);
  }

  /**
   * The length of a compact array or string (newer versions of the protocol). Ours fit in one byte.
   */
  compactLength(length: number): this {
    if (length > 126) throw new RangeError(`a length of ${length} does not fit in one byte`);
    return this.int8(length + 1);
  }

  compactString(text: string): this {
    const bytes = Buffer.from(text);
    this.compactLength(bytes.length);
    this.#parts.push(bytes);
    return this;
  }

  /** An empty tag section, where newer versions may add fields. */
  noTags(): this {
    return this.int8(0);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #number(size: number, write: (buffer: Buffer) => void): this {
    const buffer = Buffer.alloc(size);
    write(buffer);
    this.#parts.push(buffer);
    return this;
  }
}

/** Decodes a response. Throws RangeError if it is too short. */
export class Decoder {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  int8(): number {
    return this.#buffer.readInt8(this.#step(1));
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#step(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#step(4));
  }

  /** Offsets and times are far below the largest exact number. */
  int64(): number {
    return Number(this.#buffer.readBigInt64BE(this.#step(8)));
  }

  /** Empty for null. */
  string(): string {
    return this.#text(this.int16());
  }

  array<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read);
  }

  compactString(): string {
    return this.#text(this.#varint() - 1);
  }

  compactArray<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.#varint() - 1) }, read);
  }

  /** Skips fields that newer versions have added. */
  tags(): void {
    for (let left = this.#varint(); left > 0; left--) {
      this.#varint();
      this.#step(this.#varint());
    }
  }

  #text(length: number): string {
    if (length <= 0) return '';
    const from = this.#step(length);
    return this.#buffer.toString('utf8', from, from + length);
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#buffer.readUInt8(this.#step(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  #step(size: number): number {
    const from = this.#at;
    if (from + size > this.#buffer.length) throw new RangeError('the response is too short');
    this.#at += size;
    return from;
  }
}
