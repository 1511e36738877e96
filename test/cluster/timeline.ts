// Timeline of an autoscaling step: load, lag and pods, sampled once a second, and its analysis.
import { setTimeout as sleep } from 'node:timers/promises';
import { formatCount } from '../../tooling/report/format.ts';
import type { RunningStack } from './running-stack.ts';

export interface Moment {
  /** Seconds since the recording began. */
  readonly t: number;
  /** Records accepted a second since the last sample; null: unknown. */
  readonly accepted: number | null;
  /** Records accepted and not yet stored; null: unknown. */
  readonly lag: number | null;
  /** Pods that the Deployment wants. */
  readonly wanted: number;
  /** Pods that take traffic. */
  readonly ready: number;
}

/** An event of the step. */
export interface Mark {
  readonly t: number;
  readonly what: string;
}

export interface Timeline {
  readonly name: string;
  /** Deployment whose pods are counted. */
  readonly app: string;
  readonly moments: readonly Moment[];
  readonly marks: readonly Mark[];
}

/** Seconds from `since` to the first moment that meets the condition; null: none does. */
export function secondsUntil(
  moments: readonly Moment[],
  since: number,
  is: (moment: Moment) => boolean,
): number | null {
  const found = moments.find((moment) => moment.t >= since && is(moment));
  return found === undefined ? null : found.t - since;
}

/** When the lag last became 0, up to `until`; null: never. */
export function emptySince(moments: readonly Moment[], until = Number.POSITIVE_INFINITY): number | null {
  let since: number | null = null;
  for (const { t, lag } of moments) {
    if (t > until) break;
    if (lag === null) continue;
    if (lag > 0) since = null;
    else since ??= t;
  }
  return since;
}

/**
 * Rate in records a second at which the lag falls from one share of its peak to another; null: it
 * did not fall that far. This leaves out the start, when consumers join, and the end, when the last
 * batches are small.
 */
export function drainRate(
  moments: readonly Moment[],
  [from, to]: readonly [number, number] = [0.9, 0.1],
): number | null {
  const known = moments.flatMap(({ t, lag }) => (lag === null ? [] : [{ t, lag }]));
  const highest = known.reduce((a, b) => (b.lag > a.lag ? b : a), { t: 0, lag: 0 });
  const below = (share: number) => known.find(({ t, lag }) => t > highest.t && lag <= highest.lag * share);
  const [begin, end] = [below(from), below(to)];
  if (!begin || !end || end.t <= begin.t) return null;
  return (begin.lag - end.lag) / (end.t - begin.t);
}

/** A timeline in a few phrases: peaks, and what happened when. */
export function highlights({ app, moments, marks }: Timeline): readonly string[] {
  const most = (pick: (moment: (typeof moments)[number]) => number | null) =>
    moments.reduce((peak, moment) => Math.max(peak, pick(moment) ?? 0), 0);
  return [
    `peak ${formatCount(most(({ accepted }) => accepted))} records/s accepted`,
    `peak lag ${formatCount(most(({ lag }) => lag))}`,
    `up to ${most(({ ready }) => ready)} ${app} pods`,
    ...marks.map(({ t, what }) => `${what} at ${t.toFixed(0)} s`),
  ];
}

/** Records until stopped. A number that cannot be read is null, or the one of the moment before. */
export class TimelineRecorder {
  readonly moments: Moment[] = [];
  readonly #marks: Mark[] = [];
  readonly #begun = performance.now();
  readonly #stopped = new AbortController();
  readonly #finished: Promise<void>;
  readonly #name: string;
  readonly #app: string;

  constructor(name: string, stack: RunningStack, app: string) {
    this.#name = name;
    this.#app = app;
    this.#finished = this.#record(stack);
  }

  get now(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  get last(): Moment | undefined {
    return this.moments.at(-1);
  }

  /** Marks an event. @returns its time */
  mark(what: string): number {
    const t = this.now;
    this.#marks.push({ t, what });
    return t;
  }

  async stop(): Promise<Timeline> {
    this.#stopped.abort();
    await this.#finished;
    return { name: this.#name, app: this.#app, moments: this.moments, marks: this.#marks };
  }

  async #record(stack: RunningStack): Promise<void> {
    const { signal } = this.#stopped;
    let before: { t: number; accepted: number } | undefined;
    while (!signal.aborted) {
      const begun = performance.now();
      const [stats, pods] = await Promise.all([
        stack.stats().catch(() => undefined),
        stack.deployment(this.#app).catch(() => undefined),
      ]);
      const t = this.now;
      const total = stats?.accepted ?? null;
      const accepted = total === null || !before ? null : Math.max(0, (total - before.accepted) / (t - before.t));
      if (total !== null) before = { t, accepted: total };
      this.moments.push({
        t,
        accepted,
        lag: stats?.lag ?? null,
        wanted: pods?.spec.replicas ?? this.last?.wanted ?? 0,
        ready: pods ? (pods.status.readyReplicas ?? 0) : (this.last?.ready ?? 0),
      });
      await sleep(Math.max(100, 1000 - (performance.now() - begun)), undefined, { signal }).catch(() => undefined);
    }
  }
}
