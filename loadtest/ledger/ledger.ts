// The ledger: what the witness saw against what MongoDB holds. One byte and one checksum a request, however many records there are.
import { fnv1a } from '../../apps/shared/payload.ts';
import type { Witness } from '../witness/log.ts';
import { type Outcome, RECORDS_PER_REQUEST } from '../witness/outcome.ts';

/** A record as it was found, as far as the ledger cares. */
export interface Found {
  readonly id: string;
  readonly user: number;
  readonly iteration: number;
  readonly index: number;
  /** The payload is the one that (origin, index) must have. */
  readonly intact: boolean;
}

/** The verdict. Counts are records unless they say requests. */
export interface Ledger {
  readonly requests: Readonly<Record<Outcome, number>>;
  /** Records of accepted requests: those that must be stored. */
  readonly promised: number;
  /** Records of this run that MongoDB holds. */
  readonly stored: number;
  /** Accepted, and not stored or not under the ids that were answered; without those in the dead letters. */
  readonly lost: number;
  /** Accepted, and kept whole in the dead letters: matched by id and content. */
  readonly dead: number;
  /** Dead letters that the run added and did not expect. */
  readonly unexpectedDead: number;
  /** Refused or never asked for, and stored. */
  readonly phantom: number;
  /** One (origin, index) stored under a second id. */
  readonly double: number;
  /** Stored with another payload. */
  readonly corrupt: number;
  /** Requests of unknown outcome that were stored in part: all or none is broken. */
  readonly torn: number;
  readonly unknownStored: number;
  readonly unknownAbsent: number;
  /** The first few of each violation, as `kind origin#index`. */
  readonly examples: readonly string[];
  readonly ok: boolean;
}

const ALL_SEEN = (1 << RECORDS_PER_REQUEST) - 1;
const MAX_EXAMPLES_PER_KIND = 5;
/** State of a request in bits 5 and 6; 0: the witness never spoke of it. */
const OUTCOME_BITS: Readonly<Record<Outcome, number>> = { accepted: 1 << 5, refused: 2 << 5, unknown: 3 << 5 };
const OUTCOME_MASK = 3 << 5;
/** A second id was found, so the checksum cannot agree any more. */
const DOUBLED = 1 << 7;

/** Counts of requests, one per user: the size of what the ledger keeps. */
export async function countIterations(witness: AsyncIterable<Witness>): Promise<number[]> {
  const counts: number[] = [];
  for await (const { user, iteration } of witness) {
    while (counts.length <= user) counts.push(0);
    if (iteration >= counts[user]!) counts[user] = iteration + 1;
  }
  return counts;
}

/** Takes the witness first, then the records in any order, then gives its verdict. */
export class LedgerBook {
  readonly #run: string;
  /** Slot of each user's first request. */
  readonly #base: Uint32Array;
  readonly #state: Uint8Array;
  /** Checksum of the ids that were promised XOR that of the ids that were found: 0 where they agree. */
  readonly #checksum: Uint32Array;
  readonly #examples = new Map<string, string[]>();
  #stored = 0;
  #dead = 0;
  #phantom = 0;
  #double = 0;
  #corrupt = 0;

  /** @param counts requests of each user, see `countIterations` */
  constructor(run: string, counts: readonly number[]) {
    this.#run = run;
    this.#base = new Uint32Array(counts.length + 1);
    counts.forEach((count, user) => {
      this.#base[user + 1] = this.#base[user]! + count;
    });
    const size = this.#base[counts.length]!;
    this.#state = new Uint8Array(size);
    this.#checksum = new Uint32Array(size);
  }

  witness({ user, iteration, outcome, checksum }: Witness): void {
    const slot = this.#slot(user, iteration);
    if (slot === -1) throw new RangeError(`user ${user} has no request ${iteration}: count the same log first`);
    this.#state[slot] = this.#state[slot]! | OUTCOME_BITS[outcome];
    this.#checksum[slot] = this.#checksum[slot]! ^ checksum;
  }

  found(record: Found): void {
    this.#stored++;
    const { user, iteration, index } = record;
    if (!record.intact) {
      this.#corrupt++;
      this.#note('corrupt', user, iteration, index);
    }
    const slot = this.#slot(user, iteration);
    const outcome = slot === -1 ? 0 : this.#state[slot]! & OUTCOME_MASK;
    if (outcome === 0 || outcome === OUTCOME_BITS.refused || index < 0 || index >= RECORDS_PER_REQUEST) {
      this.#phantom++;
      this.#note('phantom', user, iteration, index);
      return;
    }
    const bit = 1 << index;
    if (this.#state[slot]! & bit) {
      this.#double++;
      this.#note('double', user, iteration, index);
      this.#state[slot] = this.#state[slot]! | DOUBLED;
      return;
    }
    this.#state[slot] = this.#state[slot]! | bit;
    this.#checksum[slot] = this.#checksum[slot]! ^ fnv1a(record.id);
  }

  /**
   * Takes the record of a dead letter, after all stored records. Only one that is intact and was
   * missing accounts for a record of the run.
   */
  dead({ id, user, iteration, index, intact }: Found): void {
    const slot = this.#slot(user, iteration);
    if (slot === -1 || !intact || index < 0 || index >= RECORDS_PER_REQUEST) return;
    const state = this.#state[slot]!;
    const outcome = state & OUTCOME_MASK;
    if (state & (1 << index) || outcome === 0 || outcome === OUTCOME_BITS.refused) return;
    this.#dead++;
    this.#state[slot] = state | (1 << index);
    this.#checksum[slot] = this.#checksum[slot]! ^ fnv1a(id);
  }

  /** @param unexpectedDead dead letters that the run added and did not expect; default 0 */
  verdict(unexpectedDead = 0): Ledger {
    const requests = { accepted: 0, refused: 0, unknown: 0 };
    let lost = 0;
    let torn = 0;
    let unknownStored = 0;
    let unknownAbsent = 0;
    for (let user = 0; user + 1 < this.#base.length; user++) {
      for (let slot = this.#base[user]!; slot < this.#base[user + 1]!; slot++) {
        const state = this.#state[slot]!;
        const seen = state & ALL_SEEN;
        const outcome = state & OUTCOME_MASK;
        const iteration = slot - this.#base[user]!;
        if (outcome === OUTCOME_BITS.accepted) {
          requests.accepted++;
          lost += this.#missing(seen, state, slot, user, iteration);
        } else if (outcome === OUTCOME_BITS.refused) requests.refused++;
        else if (outcome === OUTCOME_BITS.unknown) {
          requests.unknown++;
          if (seen === ALL_SEEN) unknownStored++;
          else if (seen === 0) unknownAbsent++;
          else {
            torn++;
            this.#note('torn', user, iteration, 0);
          }
        }
      }
    }
    return {
      requests,
      promised: requests.accepted * RECORDS_PER_REQUEST,
      stored: this.#stored,
      lost,
      dead: this.#dead,
      unexpectedDead,
      phantom: this.#phantom,
      double: this.#double,
      corrupt: this.#corrupt,
      torn,
      unknownStored,
      unknownAbsent,
      examples: [...this.#examples.values()].flat(),
      ok: lost + this.#phantom + this.#double + this.#corrupt + torn + unexpectedDead === 0,
    };
  }

  /** Records of an accepted request that are not there; all five where they are there under other ids. */
  #missing(seen: number, state: number, slot: number, user: number, iteration: number): number {
    if (seen === ALL_SEEN) {
      if (state & DOUBLED || this.#checksum[slot] === 0) return 0;
      this.#note('lost (stored under other ids than were answered)', user, iteration, 0);
      return RECORDS_PER_REQUEST;
    }
    let missing = 0;
    for (let index = 0; index < RECORDS_PER_REQUEST; index++) {
      if (seen & (1 << index)) continue;
      missing++;
      this.#note('lost', user, iteration, index);
    }
    return missing;
  }

  #slot(user: number, iteration: number): number {
    if (user + 1 >= this.#base.length) return -1;
    const slot = this.#base[user]! + iteration;
    return slot < this.#base[user + 1]! ? slot : -1;
  }

  #note(kind: string, user: number, iteration: number, index: number): void {
    const list = this.#examples.get(kind) ?? [];
    if (list.length < MAX_EXAMPLES_PER_KIND) list.push(`${kind} ${this.#run}/${user}/${iteration}#${index}`);
    this.#examples.set(kind, list);
  }
}
