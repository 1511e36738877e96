// Every process that the console polls: where it is, what it last reported, and for a while after
// it is gone what it did.
import { lookup as dnsLookup } from 'node:dns/promises';
import { COMPONENTS, type Component } from './readings.ts';
import type { Scrape } from './scrape.ts';
import { CounterSeries } from './series.ts';

/** Resolves a name to all of its addresses. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export const systemLookup: Lookup = async (host) =>
  (await dnsLookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** The name has no address, or does not exist: a service without pods looks like this. */
const NO_ADDRESS = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_NONAME']);

export interface Resolved {
  /** `host:port` of each process. */
  readonly addresses: readonly string[];
  /** Why a name could not be looked up; undefined when all could. */
  readonly failure: string | undefined;
}

/**
 * Resolves targets to the addresses of their processes.
 * @param targets `host:port` each; a name stands for all its addresses
 */
export async function resolveTargets(targets: readonly string[], lookup: Lookup): Promise<Resolved> {
  const results = await Promise.all(targets.map((target) => resolve(target, lookup)));
  const failures = results.flatMap(({ failure }) => failure ?? []);
  return {
    addresses: [...new Set(results.flatMap(({ addresses }) => addresses))],
    failure: failures.length > 0 ? failures.join('; ') : undefined,
  };
}

async function resolve(target: string, lookup: Lookup): Promise<Resolved> {
  const [, host, port] = /^(.+):(\d+)$/.exec(target)!;
  if (isAddress(host!)) return { addresses: [target], failure: undefined };
  try {
    const addresses = await lookup(host!);
    return {
      addresses: addresses.map((address) => `${address.includes(':') ? `[${address}]` : address}:${port}`),
      failure: undefined,
    };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return { addresses: [], failure: NO_ADDRESS.has(code) ? undefined : `${host} could not be looked up (${code})` };
  }
}

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.startsWith('[');

/** One process of a component. */
export interface Process {
  readonly component: Component;
  readonly address: string;
  readonly series: CounterSeries;
  /** From the last reading. */
  readonly gauges: ReadonlyMap<string, number>;
  /** Since when and why it does not answer; undefined while it does. */
  readonly unreachable: { readonly sinceMs: number; readonly reason: string } | undefined;
  /** When its address disappeared; undefined while it is there. */
  readonly goneMs: number | undefined;
}

export interface FleetOptions {
  /** `host:port` of each component; a name stands for all of its addresses. */
  readonly targets: Readonly<Record<Component, readonly string[]>>;
  readonly scrape: Scrape;
  readonly lookup: Lookup;
  /** A monotonic clock, milliseconds. */
  readonly now: () => number;
  /** Called after each scrape. */
  readonly onScrape?: (component: Component, ok: boolean) => void;
}

/**
 * Minimum time between two lookups, milliseconds: as long as a cluster's name server caches an
 * answer.
 */
const LOOKUP_MS = 5_000;
/**
 * How long a process that is gone still counts for the window in which it was there, milliseconds.
 */
const REMEMBER_GONE_MS = 10_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Fleet {
  readonly #options: FleetOptions;
  readonly #processes = new Map<string, Mutable<Process>>();
  readonly #scraping = new Map<Process, Promise<void>>();
  readonly #unresolved = new Map<Component, string>();
  #lookedUpMs = Number.NEGATIVE_INFINITY;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get processes(): readonly Process[] {
    return [...this.#processes.values()];
  }

  /** Components of this stack. */
  get components(): readonly Component[] {
    return COMPONENTS.filter((component) => this.#options.targets[component].length > 0);
  }

  /** Components whose name could not be looked up, and why. */
  get unresolved(): Readonly<Partial<Record<Component, string>>> {
    return Object.fromEntries(this.#unresolved);
  }

  /** Scrapes every process once. Slow ones continue in the background after `timeoutMs`. */
  async poll(timeoutMs: number): Promise<void> {
    const now = this.#options.now();
    // A process that does not answer may be gone, and a pod that was removed is no problem.
    if (now - this.#lookedUpMs >= LOOKUP_MS || this.processes.some(({ unreachable }) => unreachable !== undefined)) {
      this.#lookedUpMs = now;
      await Promise.all(COMPONENTS.map((component) => this.#resolve(component)));
    }
    for (const process of this.#processes.values())
      if (process.goneMs === undefined && !this.#scraping.has(process)) {
        const scraping = this.#scrape(process).finally(() => this.#scraping.delete(process));
        this.#scraping.set(process, scraping);
      }
    await waitAtMost(timeoutMs, Promise.all(this.#scraping.values()));
  }

  async #resolve(component: Component): Promise<void> {
    const { targets, lookup, now } = this.#options;
    const { addresses, failure } = await resolveTargets(targets[component], lookup);
    if (failure === undefined) this.#unresolved.delete(component);
    else this.#unresolved.set(component, failure);
    for (const address of addresses) {
      const key = `${component} ${address}`;
      const known = this.#processes.get(key);
      if (known === undefined || known.goneMs !== undefined)
        this.#processes.set(key, {
          component,
          address,
          series: new CounterSeries(),
          gauges: new Map(),
          unreachable: undefined,
          goneMs: undefined,
        });
    }
    for (const [key, process] of this.#processes) {
      if (process.component !== component) continue;
      // While names cannot be looked up, the known addresses stay.
      if (failure === undefined && !addresses.includes(process.address)) process.goneMs ??= now();
      if (process.goneMs !== undefined && now() - process.goneMs > REMEMBER_GONE_MS) this.#processes.delete(key);
    }
  }

  async #scrape(process: Mutable<Process>): Promise<void> {
    const { scrape, now, onScrape } = this.#options;
    const { component, address } = process;
    try {
      const reading = await scrape(component, address);
      process.series.add(now(), reading);
      process.gauges = reading.gauges;
      process.unreachable = undefined;
      onScrape?.(component, true);
    } catch (error) {
      process.unreachable = { sinceMs: process.unreachable?.sinceMs ?? now(), reason: (error as Error).message };
      onScrape?.(component, false);
    }
  }
}

async function waitAtMost(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
