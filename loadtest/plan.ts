// What an engine (our generator or k6) is told, and what it tells: the border between them and the rest.
import type { Stage } from '../config/load-profiles.ts';

/** Everything that an engine needs to know; plain data, it crosses to another process. */
export interface Plan {
  /** First part of every origin: `<run>/<user>/<iteration>`. */
  readonly run: string;
  /** Base address, http only. */
  readonly target: string;
  /** Name that an ingress knows the target by. Default: that of the address. */
  readonly host?: string | undefined;
  readonly stages: readonly Stage[];
  readonly thinkSeconds: readonly [number, number];
  readonly keepAlive: boolean;
  /** An answer that takes longer counts as unknown. */
  readonly timeoutMs: number;
  /** How long answers are awaited after the last stage. */
  readonly gracefulStopMs: number;
  /** Where the witness log goes. */
  readonly witnessFile: string;
}

/** What happened to a request, as the caller knows it. */
export type Outcome = 'accepted' | 'refused' | 'unknown';

/** What one second of the run looked like. */
export interface SecondRow {
  /** Seconds since the start. */
  readonly t: number;
  readonly users: number;
  readonly requests: number;
  readonly accepted: number;
  /** Refused with 503: the API protects itself. */
  readonly shed: number;
  /** Everything else that was not accepted. */
  readonly errors: number;
  /** Latencies in milliseconds; null where nothing was answered. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

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

/** The sums of a run. */
export interface Totals {
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly requests: number;
  readonly accepted: number;
  readonly shed: number;
  /** Refused for another reason than load. */
  readonly refused: number;
  readonly unknown: number;
  /** 200s whose body is not what the API promises; they count as failed. */
  readonly badAnswers: number;
  /** Answers with fewer than five reads (the store was still empty). */
  readonly shortReads: number;
  /** Why requests failed, and how often. */
  readonly problems: Readonly<Record<string, number>>;
  /** Milliseconds from wanting to send to the whole answer, connecting included; of accepted and unknown requests (a quick refusal would flatter it). */
  readonly latency: Latency | null;
  /** How the engine itself fared: late timers mean that its latencies are too high. */
  readonly engine: {
    readonly cpuPercent: number | null;
    readonly lateP99Ms: number | null;
    readonly memoryMiB: number | null;
  };
}

/** A load that runs. */
export interface Load {
  /** Ends it early: no new requests, open ones may finish. */
  stop(): void;
  /** @throws when the engine died */
  readonly done: Promise<Totals>;
}

export type StartLoad = (plan: Plan, onSecond: (row: SecondRow) => void) => Promise<Load>;
