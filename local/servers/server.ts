// What every server of the local run has in common, whichever way it was found.
import type { Exit } from '../../tooling/process/guarded.ts';

export type ServerKind = 'redis' | 'mongo' | 'kafka';

/** A server that answers. */
export interface RunningServer {
  /** What to call it in messages. */
  readonly name: string;
  readonly kind: ServerKind;
  /** Where clients connect: `redis://…`, `mongodb://…`, or for Kafka `host:port,host:port`. */
  readonly url: string;
  /** Of the real server; 0 if it was found running, so isn't ours. */
  readonly pid: number;
  /** One line: which server was chosen and why. */
  readonly origin: string;
  /** Settles when the server ends, however it does; never for one that isn't ours. */
  readonly exited: Promise<Exit>;
  /** Stops it gracefully; may be called twice; leaves alone a server that isn't ours. */
  stop(): Promise<void>;
  /** Sends a signal to the real server, for fault tests; does nothing to one that isn't ours. */
  kill(signal: NodeJS.Signals): void;
}

export interface ServerOptions {
  /** Port on 127.0.0.1; default: a free one. */
  port?: number;
  /** Where the server keeps its data and logs; made if it isn't there, kept across restarts. */
  dataDir: string;
  /** Where fetched servers are kept, shared by all runs; default `.local/cache` of this repository. */
  cacheDir?: string;
  /** Told one line at a time what is being fetched or started; default: nobody. */
  log?: (line: string) => void;
  /** Environment (the caller's `process.env`) in which PATH and addresses of running servers are looked up; default: empty. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** A server that somebody else runs: used as it is, never stopped. */
export function foreignServer(kind: ServerKind, name: string, url: string, variable: string): RunningServer {
  return {
    name,
    kind,
    url,
    pid: 0,
    origin: `${name}: already running, its address is in ${variable}`,
    exited: new Promise(() => {}),
    stop: async () => {},
    kill: () => {},
  };
}
