// The one table of what counts as slow, late, full or missing. Alerts, dashboards, the console and
// the load test judge by these values.
import type { StackConfig } from '../config/schema.ts';

/** How a value is measured, and so how it is written for people. */
export type Unit = 'seconds' | 'ratio' | 'factor' | 'perSecond' | 'records' | 'processes' | 'partitions' | 'flag';

/** A value that something is compared with. */
export interface Threshold {
  readonly value: number;
  readonly unit: Unit;
  /** What the value bounds. */
  readonly meaning: string;
  /** The config key that sets it, or why it has this value. */
  readonly source: string;
}

/** Brokers with an ordinal below this are controllers too. */
const MAX_VOTERS = 3;

/** How many brokers and voting controllers a stack's own Kafka has; undefined without one. */
export function kafkaSizeOf({ queue, kafka }: StackConfig): { brokers: Threshold; voters: Threshold } | undefined {
  if (queue.kind !== 'kafka' || kafka.external !== undefined) return undefined;
  return {
    brokers: {
      value: kafka.brokers,
      unit: 'processes',
      meaning: 'Brokers that the cluster should have.',
      source: 'kafka:brokers',
    },
    voters: {
      value: Math.min(kafka.brokers, MAX_VOTERS),
      unit: 'processes',
      meaning: 'Controllers that should keep up with their leader.',
      source: 'kafka:brokers',
    },
  };
}

/** The thresholds of a stack. */
export const thresholdsOf = ({ monitoring }: StackConfig) =>
  ({
    latencyP95: {
      value: monitoring.latencyLimitMs / 1000,
      unit: 'seconds',
      meaning: 'p95 latency of user requests that is promised.',
      source: 'monitoring:latencyLimitMs',
    },
    latencyP99: {
      value: 5,
      unit: 'seconds',
      meaning: 'p99 latency that a load test must stay below.',
      source: 'Fixed, so that the results of load tests can be compared.',
    },
    errorBudget: {
      value: monitoring.errorBudgetPercent / 100,
      unit: 'ratio',
      meaning: 'Share of user requests that may fail.',
      source: 'monitoring:errorBudgetPercent',
    },
    fastBurn: {
      value: 14.4,
      unit: 'factor',
      meaning: 'Burn rate of the error budget that needs attention at once.',
      source: 'Uses 2 % of a 30-day budget in an hour: https://sre.google/workbook/alerting-on-slos/',
    },
    slowBurn: {
      value: 6,
      unit: 'factor',
      meaning: 'Burn rate of the error budget that needs attention today.',
      source: 'Uses 5 % of a 30-day budget in six hours: https://sre.google/workbook/alerting-on-slos/',
    },
    yellow: {
      value: 0.5,
      unit: 'ratio',
      meaning: 'Share of a limit from which a dashboard shows a number in yellow.',
      source: 'Leaves time to look before the limit is reached.',
    },

    drainTime: {
      value: 600,
      unit: 'seconds',
      meaning: 'Time to drain the queue above which a growing lag is reported.',
      source: 'A burst that drains within ten minutes is what the queue is for.',
    },
    lagGrowth: {
      value: 1_000,
      unit: 'records',
      meaning: 'Growth of the lag within lagWindow from which the console reports it.',
      source: 'More than the batches in flight add and take away.',
    },
    lagWindow: {
      value: 30,
      unit: 'seconds',
      meaning: 'How far the console looks back to tell whether the lag grows.',
      source: 'Three parts of ten seconds: each holds several batches.',
    },
    queueNearlyFull: {
      value: 0.8,
      unit: 'ratio',
      meaning: 'Share of queue:maxLength or queue:maxBytes above which the queue is nearly full.',
      source: 'Leaves a fifth of the queue to react in.',
    },
    retentionUsed: {
      value: 0.25,
      unit: 'ratio',
      meaning: 'Share of the retention of SQS that its oldest record may have waited.',
      source: 'Of 14 days, that leaves ten to repair the store before SQS deletes anything.',
    },
    stalledFor: {
      value: 10,
      unit: 'seconds',
      meaning: 'How long nothing is stored before the console calls the consumers stalled.',
      source: 'A consumer starts and joins its group within this time.',
    },
    storeDelayP95: {
      value: 3,
      unit: 'seconds',
      meaning: 'p95 of the time from accepted to stored above which records are stored late.',
      source: 'In a healthy stack records are stored within one or two seconds.',
    },
    storedLateFor: {
      value: 10,
      unit: 'seconds',
      meaning: 'How long records are stored late before the console reports it.',
      source: 'One slow batch is no problem.',
    },

    gateLoad: {
      value: 0.95,
      unit: 'ratio',
      meaning: 'Share of mongo:iops above which MongoDB is at its limit.',
      source: 'A saturated gate does not reach 100 % in every second.',
    },

    databaseCpu: {
      value: 0.9,
      unit: 'ratio',
      meaning: 'Share of its CPU above which the database is at its limit.',
      source: 'Statements wait for a CPU from there on, and a reader that takes over needs time to fill its caches.',
    },

    redisMemory: {
      value: 0.9,
      unit: 'ratio',
      meaning: 'Share of its memory above which Redis is nearly full.',
      source: 'Leaves a tenth for the records of some minutes.',
    },
    redisPinned: {
      value: 0.5,
      unit: 'ratio',
      meaning: 'Share of keys without an expiry above which a full Redis is a problem.',
      source: 'A cache fills the memory it is given: only keys that cannot be evicted are a problem.',
    },
    cacheHits: {
      value: 0.9,
      unit: 'ratio',
      meaning: 'Share of reads that the cache should answer.',
      source: 'With more than one miss in ten, reads take most of what writes leave of mongo:iops.',
    },
    cacheHitsLow: {
      value: 0.7,
      unit: 'ratio',
      meaning: 'Share of cache hits below which a dashboard shows the number in red.',
      source: 'Three times as many misses as cacheHits allows.',
    },

    persistsFor: {
      value: 5,
      unit: 'seconds',
      meaning: 'How long a condition must hold before the console reports it, where it has no time of its own.',
      source: 'One bad second is no problem.',
    },
    unreachableFor: {
      value: 10,
      unit: 'seconds',
      meaning: 'How long a process may not answer before the console names it.',
      source: 'A pod that starts or stops has an address before and after it answers.',
    },
    diskFree: {
      value: 0.15,
      unit: 'ratio',
      meaning: 'Free share of a disk below which it is filling up.',
      source: "Kubernetes evicts pods at 10 % (the kubelet's default).",
    },
    diskFreeSoon: {
      value: 0.5,
      unit: 'ratio',
      meaning: 'Free share of a disk below which its trend counts.',
      source: 'A disk that is more than half empty may fill quickly and still be fine.',
    },
    diskHorizon: {
      value: 86_400,
      unit: 'seconds',
      meaning: 'A disk that will be full within this time is filling up.',
      source: 'A day, so that somebody who looks daily sees it in time.',
    },
  }) as const satisfies Readonly<Record<string, Threshold>>;

export type Thresholds = ReturnType<typeof thresholdsOf>;
