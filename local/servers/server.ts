// What every server of the local run has in common, whichever way it was found.
import type { Exit, GuardedProcess } from '../../tooling/process/guarded.ts';
import type { InstallOptions } from '../install/options.ts';

/** A server that answers. */
export interface RunningServer {
  /** What to call it in messages. */
  readonly name: string;
  /**
   * Where clients connect: `redis://…`, `mongodb://…`, `http://…`, or for Kafka
   * `host:port,host:port`.
   */
  readonly url: string;
  /** Of the real server; 0 if it was found running, so is not ours. */
  readonly pid: number;
  /** One line: which server was chosen and why. */
  readonly origin: string;
  /** Resolves when the server ends, however it does; never for one that is not ours. */
  readonly exited: Promise<Exit>;
  /** Stops it gracefully; may be called twice; leaves alone a server that is not ours. */
  stop(): Promise<void>;
  /** Sends a signal to the real server, for fault tests; does nothing to one that is not ours. */
  kill(signal: NodeJS.Signals): void;
}

export interface ServerOptions extends InstallOptions {
  /** Port on 127.0.0.1. @default a free one */
  readonly port?: number;
  /** Where the server keeps its data and logs; made if it is not there, kept across restarts. */
  readonly dataDir: string;
}

/** A server that runs as a process of ours. */
export class OwnServer implements RunningServer {
  readonly url: string;
  readonly origin: string;
  readonly #process: GuardedProcess;

  constructor(process: GuardedProcess, { url, origin }: { readonly url: string; readonly origin: string }) {
    this.#process = process;
    this.url = url;
    this.origin = origin;
  }

  get name(): string {
    return this.#process.name;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get exited(): Promise<Exit> {
    return this.#process.exited;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}

/**
 * A server that somebody else runs: used as it is, never stopped.
 *
 * @param variable names it in the environment
 */
export const foreignServer = (name: string, url: string, variable: string): RunningServer => ({
  name,
  url,
  pid: 0,
  origin: `${name}: already running, its address is in ${variable}`,
  exited: new Promise(() => {}),
  stop: async () => {},
  kill: () => {},
});
