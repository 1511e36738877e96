// Every process of the stack: each is started again when it ends, and they are stopped in the order
// of the data.
import { LocalError } from './errors.ts';
import { Supervised, type Unit } from './supervisor.ts';

/**
 * The order in which processes are stopped: first what looks on, then what takes records in, then
 * what stores them.
 */
const STOP_ORDER = ['observers', 'sources', 'consumers', 'gate', 'servers'] as const;

export type StopStage = (typeof STOP_ORDER)[number];

interface ProcessOptions {
  /** `api-0` */
  readonly name: string;
  /** When it is stopped; undefined where something else stops it. */
  readonly stage: StopStage | undefined;
  readonly logFile: string;
  /** Starts it and waits until it is ready; called again when it has ended. */
  readonly start: () => Promise<Unit>;
}

export class Processes {
  readonly #log: (line: string) => void;
  readonly #supervised = new Map<string, Supervised>();
  readonly #stops: { readonly stage: StopStage; readonly stop: () => Promise<unknown> }[] = [];
  #stopped: Promise<void> | undefined;
  #giveUp: (error: LocalError) => void = () => {};
  /**
   * Resolves when something ended too often to be started again; the rest still runs until `stop`.
   */
  readonly failed = new Promise<LocalError>((resolve) => {
    this.#giveUp = resolve;
  });

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  get byName(): ReadonlyMap<string, Supervised> {
    return this.#supervised;
  }

  /**
   * Starts a process and keeps it running.
   *
   * @throws what the start throws; LocalError after `stop`
   */
  async keep({ name, stage, logFile, start }: ProcessOptions): Promise<void> {
    this.throwIfStopped();
    const onGiveUp = (error: LocalError) => this.#giveUp(error);
    const supervised = new Supervised({ name, start, logFile, log: this.#log, onGiveUp });
    this.#supervised.set(name, supervised);
    if (stage) this.stopWith(stage, () => supervised.stop());
    await supervised.start();
  }

  /** Something else to be stopped. */
  stopWith(stage: StopStage, stop: () => Promise<unknown>): void {
    this.#stops.push({ stage, stop });
  }

  /** @throws LocalError after `stop` */
  throwIfStopped(): void {
    if (this.#stopped) throw new LocalError('app_failed', 'stopped while starting');
  }

  /** Stops everything; what is being started is waited for, then stopped. May be called twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    for (const each of this.#supervised.values()) each.expectEnd();
    for (const stage of STOP_ORDER) {
      const stops = this.#stops.filter((one) => one.stage === stage);
      await Promise.all(stops.map(({ stop }) => stop()));
    }
  }
}
