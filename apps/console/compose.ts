// Composes the figures of all processes into those of the system.
import type { Process } from './fleet.ts';
import type { Component } from './readings.ts';
import { addBuckets, bucketsOf, quantile } from './series.ts';
import type { Snapshot } from './snapshot.ts';

/** Window of rates, milliseconds: worker processes report only once per second. */
const WINDOW_MS = 5_000;
/** How long a process that is slow to answer is assumed to work on as before, milliseconds. */
const SLOW_MS = 3_000;

interface Moment {
  /** Clock of the series, milliseconds. */
  readonly nowMs: number;
  /** Unix time, milliseconds. */
  readonly at: number;
  /** Start of the console, by the clock of the series: rates go back no further. */
  readonly sinceMs: number;
  readonly components: readonly Component[];
}

/** @param unresolved components whose name could not be looked up, and why */
export function composeSnapshot(
  moment: Moment,
  processes: readonly Process[],
  unresolved: Snapshot['unresolved'] = {},
): Snapshot {
  const of = (component: Component) =>
    new Group(
      moment,
      processes.filter((process) => process.component === component),
    );
  const [api, consumer, gate, producer] = [of('api'), of('consumer'), of('gate'), of('producer')];
  const hits = api.rate('cacheHits');
  const misses = api.rate('cacheMisses');
  const batches = consumer.rate('batches');
  const operations = gate.ratesBy('operations');
  return {
    at: moment.at,
    components: moment.components,
    api: {
      processes: api.size,
      connections: api.sum('connections'),
      requests: api.rate('requests'),
      p50: api.quantileMs('latency', 0.5),
      p95: api.quantileMs('latency', 0.95),
      p99: api.quantileMs('latency', 0.99),
      accepted: api.rate('accepted'),
      shed: api.ratesBy('shed'),
    },
    cache: {
      reads: rounded(hits + misses),
      hitRatio: hits + misses > 0 ? hits / (hits + misses) : null,
      misses,
      errors: api.rate('cacheErrors'),
    },
    // Every API process reports the whole queue: while it fills, the largest value is the newest.
    queue: {
      lag: api.most('lag'),
      lagBytes: api.most('lagBytes'),
      maxLength: api.most('maxLength'),
      maxBytes: api.most('maxBytes'),
      deadLetters: api.most('deadLetters'),
    },
    consumer: {
      processes: consumer.size,
      stored: consumer.rate('stored'),
      duplicates: consumer.rate('duplicates'),
      deadLettered: consumer.rate('deadLettered'),
      lost: consumer.sum('lost'),
      retries: consumer.rate('retries'),
      storing: yes(consumer.most('storing')),
      batch: batches > 0 ? consumer.rate('batchRecords') / batches : null,
      delayP95: consumer.quantileMs('delay', 0.95),
    },
    gate: {
      processes: gate.size,
      operations: Object.values(operations).reduce((sum, one) => sum + one, 0),
      byKind: operations,
      limit: gate.most('limit'),
      waiting: gate.size > 0 ? gate.sum('waiting') : null,
      waitP95: gate.quantileMs('wait', 0.95),
      mongoUp: yes(gate.most('mongoUp')),
    },
    producer: {
      processes: producer.size,
      accepted: producer.rate('messages.accepted'),
      rate: producer.size > 0 ? producer.sum('rate') : null,
    },
    unreachable: processes.flatMap(({ component, address, unreachable, goneMs }) =>
      unreachable === undefined || goneMs !== undefined
        ? []
        : [
            {
              component,
              address,
              reason: unreachable.reason,
              seconds: Math.round((moment.nowMs - unreachable.sinceMs) / 1000),
            },
          ],
    ),
    unresolved,
  };
}

/** The processes of one component, taken together. */
class Group {
  readonly #moment: Moment;
  readonly #all: readonly Process[];
  /** Processes that answer. */
  readonly #answering: readonly Process[];

  constructor(moment: Moment, all: readonly Process[]) {
    this.#moment = moment;
    this.#all = all;
    this.#answering = all.filter(
      ({ unreachable, goneMs, series }) =>
        unreachable === undefined && goneMs === undefined && series.lastAtMs !== undefined,
    );
  }

  get size(): number {
    return this.#answering.length;
  }

  /** Increase of a counter per second. A process that is gone counts for its part of the window. */
  rate(key: string): number {
    const windowMs = this.#windowMs();
    return rounded(
      (this.#all.reduce((sum, process) => sum + this.#increase(process, key, windowMs), 0) / windowMs) * 1000,
    );
  }

  /** The rates of `key.*` that are not 0. */
  ratesBy(key: string): Readonly<Record<string, number>> {
    const names = new Set(
      this.#all.flatMap(({ series }) => [...series.keys()].filter((one) => one.startsWith(`${key}.`))),
    );
    const rates = [...names].map((name) => [name.slice(key.length + 1), this.rate(name)] as const);
    return Object.fromEntries(rates.filter(([, rate]) => rate > 0));
  }

  /** A quantile of a histogram of seconds, in milliseconds. */
  quantileMs(key: string, q: number): number | null {
    const windowMs = this.#windowMs();
    const buckets = this.#all.map((process) => {
      const to = this.#endOf(process);
      return bucketsOf(process.series, key, to - windowMs, to);
    });
    const seconds = quantile(addBuckets(buckets), q);
    return seconds === null ? null : rounded(seconds * 1000);
  }

  sum(gauge: string): number {
    return this.#answering.reduce((sum, { gauges }) => sum + (gauges.get(gauge) ?? 0), 0);
  }

  /** The largest value; null where no process reports it. */
  most(gauge: string): number | null {
    const values = this.#answering.flatMap(({ gauges }) => gauges.get(gauge) ?? []);
    return values.length > 0 ? Math.max(...values) : null;
  }

  #windowMs(): number {
    const { nowMs, sinceMs } = this.#moment;
    return Math.min(WINDOW_MS, Math.max(1_000, nowMs - sinceMs));
  }

  #increase(process: Process, key: string, windowMs: number): number {
    const to = this.#endOf(process);
    return process.series.increase(key, to - windowMs, to);
  }

  /**
   * A process' window ends with its last answer. One that is away is assumed to do nothing: others
   * take over its share, which would count twice.
   */
  #endOf({ series, unreachable, goneMs }: Process): number {
    const { nowMs } = this.#moment;
    const away = unreachable !== undefined || goneMs !== undefined;
    return away ? nowMs : Math.max(series.lastAtMs ?? nowMs, nowMs - SLOW_MS);
  }
}

const yes = (value: number | null): boolean | null => (value === null ? null : value > 0);
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
