// Every process that the console asks: found, asked, remembered for a while after it is gone.
import { COMPONENTS, type Component } from './readings.ts';
import type { Scrape } from './scrape.ts';
import { CounterSeries } from './series.ts';
import { findTargets, type Lookup } from './targets.ts';

/** One process of a component. */
export interface Process {
  readonly component: Component;
  readonly address: string;
  readonly series: CounterSeries;
  /** As last read. */
  readonly gauges: ReadonlyMap<string, number>;
  /** Why it does not answer, and since when; undefined while it does. */
  readonly deaf: { readonly sinceMs: number; readonly why: string } | undefined;
  /** When it was no longer among the addresses; undefined while it is. */
  readonly goneMs: number | undefined;
}

export interface FleetOptions {
  /** `host:port` of each component; names stand for all of their addresses. */
  readonly targets: Readonly<Record<Component, readonly string[]>>;
  readonly scrape: Scrape;
  readonly lookup: Lookup;
  /** A clock that never goes back, milliseconds. */
  readonly now: () => number;
  /** Told of each answer and each failure. */
  readonly onScrape?: (component: Component, ok: boolean) => void;
}

/** Names are looked up so often at most, milliseconds: as long as a cluster's name server keeps an answer. */
const LOOKUP_MS = 5_000;
/** What is gone still counts in the window that it was there, milliseconds. */
const REMEMBER_GONE_MS = 10_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Fleet {
  readonly #options: FleetOptions;
  readonly #processes = new Map<string, Mutable<Process>>();
  readonly #asking = new Map<Process, Promise<void>>();
  readonly #lost = new Map<Component, string>();
  #lookedUpMs = Number.NEGATIVE_INFINITY;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get processes(): readonly Process[] {
    return [...this.#processes.values()];
  }

  /** Components of this stack. */
  get asked(): readonly Component[] {
    return COMPONENTS.filter((component) => this.#options.targets[component].length > 0);
  }

  /** Components whose name could not be looked up, and why. */
  get lost(): Readonly<Partial<Record<Component, string>>> {
    return Object.fromEntries(this.#lost);
  }

  /** Asks every process once, the slow ones in the background: waits for them no longer than `patienceMs`. */
  async round(patienceMs: number): Promise<void> {
    const now = this.#options.now();
    // Who does not answer may be gone: a pod that was taken away is no trouble.
    if (now - this.#lookedUpMs >= LOOKUP_MS || this.processes.some(({ deaf }) => deaf !== undefined)) {
      this.#lookedUpMs = now;
      await Promise.all(COMPONENTS.map((component) => this.#find(component)));
    }
    for (const process of this.#processes.values())
      if (process.goneMs === undefined && !this.#asking.has(process)) {
        const asking = this.#ask(process).finally(() => this.#asking.delete(process));
        this.#asking.set(process, asking);
      }
    await withPatience(Promise.all(this.#asking.values()), patienceMs);
  }

  async #find(component: Component): Promise<void> {
    const { targets, lookup, now } = this.#options;
    const { addresses, trouble } = await findTargets(targets[component], lookup);
    if (trouble === undefined) this.#lost.delete(component);
    else this.#lost.set(component, trouble);
    for (const address of addresses) {
      const key = `${component} ${address}`;
      const known = this.#processes.get(key);
      if (known === undefined || known.goneMs !== undefined)
        this.#processes.set(key, {
          component,
          address,
          series: new CounterSeries(),
          gauges: new Map(),
          deaf: undefined,
          goneMs: undefined,
        });
    }
    for (const [key, process] of this.#processes) {
      if (process.component !== component) continue;
      // While names cannot be looked up, those that were found stay.
      if (trouble === undefined && !addresses.includes(process.address)) process.goneMs ??= now();
      if (process.goneMs !== undefined && now() - process.goneMs > REMEMBER_GONE_MS) this.#processes.delete(key);
    }
  }

  async #ask(process: Mutable<Process>): Promise<void> {
    const { scrape, now, onScrape } = this.#options;
    const { component, address } = process;
    try {
      const reading = await scrape(component, address);
      process.series.add(now(), reading);
      process.gauges = reading.gauges;
      process.deaf = undefined;
      onScrape?.(component, true);
    } catch (error) {
      process.deaf = { sinceMs: process.deaf?.sinceMs ?? now(), why: (error as Error).message };
      onScrape?.(component, false);
    }
  }
}

async function withPatience(work: Promise<unknown>, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([work, enough]);
  clearTimeout(timer);
}
