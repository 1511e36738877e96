// Collects what the consumers themselves counted as lost: records that were accepted and gone from
// the queue when their turn came, whether the witness saw them or not.

/**
 * Lost records that each consumer has counted since it started, by a name that no other process
 * ever has.
 */
export type LossCounts = ReadonlyMap<string, number>;

export interface LossVerdict {
  /** Consumers that were read. */
  readonly processes: number;
  /** Records that they counted as lost during the run. */
  readonly records: number;
  readonly ok: boolean;
}

/** The counts of a run: consumers come and go, so the last count of each is kept. */
export class LossLog {
  readonly #before: LossCounts;
  readonly #latest: Map<string, number>;

  /** @param before the counts when the load starts */
  constructor(before: LossCounts) {
    this.#before = before;
    this.#latest = new Map(before);
  }

  add(counts: LossCounts): void {
    for (const [name, count] of counts) this.#latest.set(name, count);
  }

  verdict(): LossVerdict {
    let records = 0;
    for (const [name, count] of this.#latest) records += count - (this.#before.get(name) ?? 0);
    return { processes: this.#latest.size, records, ok: records === 0 };
  }
}
