// Turns requests into figures: sums and HDR histograms of the whole run and of each second.
import type { Histogram } from 'hdr-histogram-js';
import { build } from 'hdr-histogram-js';
import type { Latency, SecondRow, Totals } from '../plan.ts';
import { type Judged, RECORDS_PER_REQUEST } from './outcome.ts';

/** Microseconds: a histogram with 0.1 % precision up to two minutes. */
const histogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 });

const milliseconds = (micros: number): number => Math.round(micros) / 1000;

export class Recorder {
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

  /** Closes the second: what it held since the last call. */
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
