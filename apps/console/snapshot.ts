// The whole system's numbers at one moment, as the page shows them.
import type { Component } from './readings.ts';

/** A process that should answer and does not. */
export interface DeafTarget {
  readonly component: Component;
  readonly address: string;
  /** Why, in words: `connection refused`. */
  readonly why: string;
  /** For how long, seconds. */
  readonly seconds: number;
}

/**
 * Rates are a second's, over the last five; latencies are milliseconds, of all processes together. A number is null while
 * nobody tells it.
 */
export interface Snapshot {
  /** Unix time, milliseconds. */
  readonly at: number;
  /** Components of this stack: with a MongoDB of somebody else's there is no gate. */
  readonly asked: readonly Component[];
  readonly api: {
    /** Processes (in a cluster: pods) that answer. */
    readonly processes: number;
    /** Open client connections. */
    readonly connections: number;
    readonly requests: number;
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
    /** Records accepted. */
    readonly accepted: number;
    /** Requests answered 503, by reason. */
    readonly shed: Readonly<Record<string, number>>;
  };
  readonly cache: {
    /** Records asked for. */
    readonly reads: number;
    /** Share of them that it had; null when none were asked for. */
    readonly hitRatio: number | null;
    readonly misses: number;
    readonly errors: number;
  };
  readonly queue: {
    /** Accepted, not yet stored. */
    readonly lag: number | null;
    /** Where the API refuses more. */
    readonly maxLength: number | null;
    readonly deadLetters: number | null;
  };
  readonly consumer: {
    readonly processes: number;
    readonly stored: number;
    readonly duplicates: number;
    readonly deadLettered: number;
    /** Batches that MongoDB did not take at once. */
    readonly retries: number;
    /** Whether MongoDB takes batches, of any of them. */
    readonly storing: boolean | null;
    /** Records in a batch, on average; null when none was stored. */
    readonly batch: number | null;
    /** From accepted to stored, p95. */
    readonly delayP95: number | null;
  };
  readonly gate: {
    readonly processes: number;
    /** Operations let through to MongoDB. */
    readonly operations: number;
    readonly byKind: Readonly<Record<string, number>>;
    /** 0 = no limit. */
    readonly limit: number | null;
    /** Operations that wait. */
    readonly waiting: number | null;
    readonly waitP95: number | null;
    /** Whether MongoDB can be reached. */
    readonly mongoUp: boolean | null;
  };
  readonly producer: {
    readonly processes: number;
    /** Messages accepted. */
    readonly accepted: number;
    /** Messages that it is to make. */
    readonly rate: number | null;
  };
  readonly deaf: readonly DeafTarget[];
  /** Components whose name nobody could look up, and why. */
  readonly lost: Readonly<Partial<Record<Component, string>>>;
}

/** Requests answered 503, for whatever reason. */
export const totalShed = ({ api }: Snapshot): number => Object.values(api.shed).reduce((sum, one) => sum + one, 0);
