// The figures of the whole system at one moment, as the page shows them.
import type { Component } from './readings.ts';

/** A process that should answer and does not. */
export interface UnreachableProcess {
  readonly component: Component;
  readonly address: string;
  /** `connection refused` */
  readonly reason: string;
  /** For how long, seconds. */
  readonly seconds: number;
}

/**
 * Rates are per second, over the last five; latencies are milliseconds, over all processes. A
 * number is null while no process reports it.
 */
export interface Snapshot {
  /** Unix time, milliseconds. */
  readonly at: number;
  /** Components of this stack: with an external MongoDB there is no gate. */
  readonly components: readonly Component[];
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
    /** Records read. */
    readonly reads: number;
    /** Share of them that the cache had; null without reads. */
    readonly hitRatio: number | null;
    readonly misses: number;
    readonly errors: number;
  };
  readonly queue: {
    /** Records accepted and not yet stored. */
    readonly lag: number | null;
    /** Their size. */
    readonly lagBytes: number | null;
    /** Lag at which the API refuses records. */
    readonly maxLength: number | null;
    /** Size of the lag at which the API refuses records. */
    readonly maxBytes: number | null;
    readonly deadLetters: number | null;
  };
  readonly consumer: {
    readonly processes: number;
    readonly stored: number;
    readonly duplicates: number;
    readonly deadLettered: number;
    /**
     * Accepted records that were gone from the queue when their turn came: a count, since the start
     * of each consumer that answers.
     */
    readonly lost: number;
    /** Batches that the store did not accept at the first attempt. */
    readonly retries: number;
    /** Whether the store accepts batches of at least one consumer. */
    readonly storing: boolean | null;
    /** Mean records per batch; null when nothing was stored. */
    readonly batch: number | null;
    /** From accepted to stored, p95. */
    readonly delayP95: number | null;
  };
  readonly gate: {
    readonly processes: number;
    /** Operations passed on to MongoDB. */
    readonly operations: number;
    readonly byKind: Readonly<Record<string, number>>;
    /** 0: no limit. */
    readonly limit: number | null;
    /** Operations that wait. */
    readonly waiting: number | null;
    readonly waitP95: number | null;
    /** Whether the gate reaches MongoDB. */
    readonly mongoUp: boolean | null;
  };
  readonly producer: {
    readonly processes: number;
    /** Messages accepted. */
    readonly accepted: number;
    /** The rate that is set. */
    readonly rate: number | null;
  };
  readonly unreachable: readonly UnreachableProcess[];
  /** Components whose name could not be looked up, and why. */
  readonly unresolved: Readonly<Partial<Record<Component, string>>>;
}

/** Requests answered 503, for any reason. */
export const totalShed = ({ api }: Snapshot): number => Object.values(api.shed).reduce((sum, one) => sum + one, 0);
