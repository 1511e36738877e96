// The interface between the load test and its engines: the plan that they get, what they report.
import { Readable } from 'node:stream';
import type { Arrivals, Stage } from '../config/load-profiles.ts';
import type { Mix } from './mixed.ts';
import type { SecondRow, Totals } from './witness/figures.ts';

/** Everything that an engine needs to know. Plain data, since it crosses to another process. */
export interface Plan {
  /** First part of every origin: `<run>/<user>/<iteration>`. */
  readonly run: string;
  /** Base address, http or https. */
  readonly target: string;
  /** Host name by which an ingress routes to the target. Default: that of the address. */
  readonly host?: string | undefined;
  readonly stages: readonly Stage[];
  /** Requests arrive at these rates instead of from users. Default: users. The built-in engine only. */
  readonly arrivals?: Arrivals | undefined;
  readonly thinkSeconds: readonly [number, number];
  readonly keepAlive: boolean;
  /** Mixes GET with POST of all sizes and texts. Default: GET only. */
  readonly mix?: Mix | undefined;
  /** An answer that takes longer counts as unknown. */
  readonly timeoutMs: number;
  /** How long to wait for answers after the last stage. */
  readonly gracefulStopMs: number;
  /** Path of the witness log that the engine writes. */
  readonly witnessFile: string;
}

/** What makes the load: our own generator, or k6. */
export interface Engine {
  readonly name: 'k6' | 'builtin';
  start(plan: Plan): Load;
}

/**
 * A running load: a stream of observations, the last of which has the totals. Reading it throws if
 * the engine dies.
 */
export interface Load extends AsyncIterable<Observation> {
  /** Ends the load early: sends no new requests and lets open ones finish. */
  stop(): void;
}

export type Observation = { readonly second: SecondRow } | { readonly totals: Totals };

/**
 * Reads a load to its end.
 * @param onSecond called with each second of the run as it passes
 * @throws when the engine dies
 */
export async function readLoad(load: Load, onSecond: (row: SecondRow) => void): Promise<Totals> {
  for await (const observation of load) {
    if ('totals' in observation) return observation.totals;
    onSecond(observation.second);
  }
  throw new Error('the engine ended without totals');
}

/** The stream in which an engine reports. It ends with the totals or with a failure. */
export class Observations implements AsyncIterable<Observation> {
  readonly #stream = new Readable({ objectMode: true, read: () => {} });
  #ended = false;

  constructor() {
    // A failure reaches the reader; if it comes before anybody reads, it must not end the process.
    this.#stream.on('error', () => {});
  }

  push(observation: Observation): void {
    if (this.#ended) return;
    this.#stream.push(observation);
    if (!('totals' in observation)) return;
    this.#ended = true;
    this.#stream.push(null);
  }

  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.destroy(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<Observation> {
    return this.#stream[Symbol.asyncIterator]();
  }
}
