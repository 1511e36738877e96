// Counts requests and measures their latency, for the whole run and for each second.
import type { Histogram } from 'hdr-histogram-js';
import { build } from 'hdr-histogram-js';
import { type Judged, RECORDS_PER_REQUEST } from './outcome.ts';

/** One second of the run. */
export interface SecondRow {
  /** Seconds since the start of the run. */
  readonly t: number;
  readonly users: number;
  readonly requests: number;
  readonly accepted: number;
  /** Refused with 503: the API protects itself from overload. */
  readonly shed: number;
  /** Everything else that was not accepted. */
  readonly errors: number;
  /** Latencies in milliseconds; null if no request was answered. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Latencies of a run, milliseconds. */
export interface Latency {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The figures of a whole run. */
export interface Totals {
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly requests: number;
  readonly accepted: number;
  readonly shed: number;
  /** Refused for any other reason than overload. */
  readonly refused: number;
  readonly unknown: number;
  /** 200s with a body that breaks the API's promise. They count as failed. */
  readonly badAnswers: number;
  /** Answers with fewer than five reads, because the store was still empty. */
  readonly shortReads: number;
  /** Number of failed requests by reason. */
  readonly problems: Readonly<Record<string, number>>;
  /**
   * From the intention to send until the answer is complete, including the time to connect. Covers
   * accepted and unknown requests: fast refusals would make it look better.
   */
  readonly latency: Latency | null;
  /**
   * The load on the engine itself. Late timers mean that the latencies it measures are too high.
   */
  readonly engine: {
    readonly cpuPercent: number | null;
    readonly lateP99Ms: number | null;
    readonly memoryMiB: number | null;
  };
}

/** A histogram of microseconds, with 0.1 % precision up to two minutes. */
const histogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 });

const milliseconds = (micros: number): number => Math.round(micros) / 1000;

export class Figures {
  readonly #all = histogram();
  readonly #second = histogram();
  readonly #problems = new Map<string, number>();
  #sums = { requests: 0, accepted: 0, shed: 0, refused: 0, unknown: 0, badAnswers: 0, shortReads: 0 };
  #row = { requests: 0, accepted: 0, shed: 0, errors: 0 };

  add(judged: Judged, latencyMs: number): void {
    const sums = this.#sums;
    sums.requests++;
    this.#row.requests++;
    if (judged.outcome !== 'refused') {
      const micros = Math.min(Math.max(Math.round(latencyMs * 1000), 1), 120_000_000);
      this.#all.recordValue(micros);
      this.#second.recordValue(micros);
    }
    if (judged.problem === null) {
      sums.accepted++;
      this.#row.accepted++;
      if (judged.reads < RECORDS_PER_REQUEST) sums.shortReads++;
      return;
    }
    this.#problems.set(judged.problem, (this.#problems.get(judged.problem) ?? 0) + 1);
    if (judged.shed) {
      sums.shed++;
      this.#row.shed++;
      return;
    }
    this.#row.errors++;
    if (judged.outcome === 'accepted') sums.badAnswers++;
    else sums[judged.outcome]++;
  }

  /** Ends the second: the figures since the last call. */
  takeSecond(t: number, users: number): SecondRow {
    const h = this.#second;
    const at = (percentile: number) => (h.totalCount === 0 ? null : milliseconds(h.getValueAtPercentile(percentile)));
    const max = h.totalCount === 0 ? null : milliseconds(h.maxValue);
    const row: SecondRow = { t, users, ...this.#row, p50: at(50), p95: at(95), p99: at(99), max };
    h.reset();
    this.#row = { requests: 0, accepted: 0, shed: 0, errors: 0 };
    return row;
  }

  totals(seconds: number, engine: Totals['engine']): Totals {
    return { seconds, ...this.#sums, problems: Object.fromEntries(this.#problems), latency: this.#latency(), engine };
  }

  #latency(): Latency | null {
    const h = this.#all;
    if (h.totalCount === 0) return null;
    const at = (percentile: number) => milliseconds(h.getValueAtPercentile(percentile));
    return {
      min: milliseconds(h.minNonZeroValue),
      mean: milliseconds(h.mean),
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      p999: at(99.9),
      max: milliseconds(h.maxValue),
    };
  }
}
