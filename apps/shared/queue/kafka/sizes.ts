// How many bytes lie between two offsets of a partition. Kafka tells only the size of a whole log,
// so that is sampled as the log grows.

/**
 * A place in the log: all bytes that were appended before an offset, counted from the first sample
 * on.
 */
interface Mark {
  readonly offset: number;
  readonly bytes: number;
}

/** Marks kept: the distance between them grows with what they span. */
const MAX_MARKS = 512;

/**
 * Sizes within one partition, from samples of its log. Between two samples all records count as
 * equally large.
 */
export class PartitionSizes {
  #marks: Mark[] = [];
  #lastSize = 0;

  /**
   * Adds a sample; the first one knows only the mean of what is there.
   *
   * @param start first offset of the log
   * @param end offset after its last record
   * @param size bytes of the log
   */
  sample(start: number, end: number, size: number): void {
    const last = this.#marks.at(-1);
    const grown = size - this.#lastSize;
    this.#lastSize = size;
    if (last === undefined || end < last.offset) {
      this.#marks = [{ offset: start, bytes: 0 }];
      if (end > start) this.#marks.push({ offset: end, bytes: size });
      return;
    }
    if (end === last.offset) return;
    // Segments were deleted meanwhile: what was added is estimated.
    const added = grown > 0 ? grown : (end - last.offset) * this.#meanBytes;
    this.#marks.push({ offset: end, bytes: last.bytes + added });
    this.#forget(start);
  }

  /** Bytes of the records from one offset up to another. */
  between(from: number, to: number): number {
    return Math.max(0, this.#at(to) - this.#at(from));
  }

  /** The offset from which on the log has about as many bytes as given. */
  offsetBefore(end: number, bytes: number): number {
    const wanted = this.#at(end) - bytes;
    const next = this.#marks.findIndex((mark) => mark.bytes > wanted);
    if (next <= 0) return next === 0 ? this.#marks[0]!.offset : end;
    return interpolate(wanted, this.#marks[next - 1]!, this.#marks[next]!, 'bytes', 'offset');
  }

  get #meanBytes(): number {
    const [first, last] = [this.#marks[0]!, this.#marks.at(-1)!];
    return last.offset === first.offset ? 0 : (last.bytes - first.bytes) / (last.offset - first.offset);
  }

  #at(offset: number): number {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (first === undefined || last === undefined) return 0;
    if (offset >= last.offset) return last.bytes + (offset - last.offset) * this.#meanBytes;
    if (offset <= first.offset) return first.bytes;
    const next = this.#marks.findIndex((mark) => mark.offset > offset);
    return interpolate(offset, this.#marks[next - 1]!, this.#marks[next]!, 'offset', 'bytes');
  }

  /** Drops what lies before the log's start, and every other mark when there are too many. */
  #forget(start: number): void {
    while (this.#marks.length > 2 && this.#marks[1]!.offset <= start) this.#marks.shift();
    if (this.#marks.length <= MAX_MARKS) return;
    const last = this.#marks.length - 1;
    this.#marks = this.#marks.filter((_, i) => i % 2 === 0 || i === last);
  }
}

function interpolate(value: number, a: Mark, b: Mark, from: keyof Mark, to: keyof Mark): number {
  return a[to] + ((value - a[from]) / (b[from] - a[from])) * (b[to] - a[to]);
}
