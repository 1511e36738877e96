// Restarts what ended by itself, as Kubernetes would, and gives up on what keeps ending.
import { setTimeout as delay } from 'node:timers/promises';
import { type Exit, logTail } from '../tooling/process/guarded.ts';
import { LocalError } from './errors.ts';

/** What can be supervised: an app's process, a server, a broker. */
export interface Unit {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

interface SupervisedOptions {
  name: string;
  /** Starts the unit and waits until it is ready. */
  start: () => Promise<Unit>;
  /** Where its output goes, to show the end of it. */
  logFile: string;
  log: (line: string) => void;
  /** Called once when the unit has ended too often. */
  onGiveUp: (error: LocalError) => void;
  /** Restarts within a minute before it is given up; default 5. */
  maxRestarts?: number;
  /** Pause before a restart; default 500 ms. */
  restartDelayMs?: number;
}

const windowMs = 60_000;

/** One unit that is kept running until `stop`. */
export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  readonly #ends: number[] = [];
  #unit: Unit | undefined;
  #stopping = false;
  #starting: Promise<void> = Promise.resolve();

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Of the process that runs now; it changes with a restart. */
  get pid(): number {
    return this.#unit?.pid ?? 0;
  }

  /** Sends a signal to the process that runs now, for fault tests. */
  kill(signal: NodeJS.Signals): void {
    this.#unit?.kill(signal);
  }

  /** Starts it and waits until it is ready. @throws what the start throws */
  async start(): Promise<void> {
    if (this.#stopping) throw new LocalError('app_failed', `${this.name} was stopped before it started`);
    const starting = this.#options.start().then((unit) => this.#watch(unit));
    this.#starting = starting.catch(() => {}); // the caller is told; a stop only waits for its end
    await starting;
  }

  /** From now on its end is expected and it is not restarted. */
  expectEnd(): void {
    this.#stopping = true;
  }

  /** Stops it for good, waiting for a start under way; may be called twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#starting;
    await this.#unit?.stop();
  }

  #watch(unit: Unit): void {
    this.#unit = unit;
    void unit.exited.then((exit) => {
      if (!this.#stopping) this.#starting = this.#restart(exit);
    });
  }

  async #restart({ code, signal }: Exit): Promise<void> {
    const { name, logFile, log, onGiveUp, start, maxRestarts = 5, restartDelayMs = 500 } = this.#options;
    const how = signal ? `was ended by ${signal}` : `ended with status ${code}`;
    const now = performance.now();
    this.#ends.push(now);
    const recent = this.#ends.filter((at) => now - at < windowMs).length;
    if (recent > maxRestarts) {
      onGiveUp(
        new LocalError(
          'app_failed',
          `${name} ${how}, ${recent} times in a minute; ${logFile} ends with:\n${logTail(logFile)}`,
        ),
      );
      return;
    }
    log(`${name} ${how}; starting it again (its log: ${logFile})`);
    await delay(restartDelayMs);
    if (this.#stopping) return;
    try {
      this.#watch(await start());
      log(`${name} is back`);
    } catch (error) {
      if (!this.#stopping)
        onGiveUp(
          new LocalError('app_failed', `${name} ${how} and did not come back: ${(error as Error).message}`, {
            cause: error,
          }),
        );
    }
  }
}
