// What fetching any server needs to know.
import { join } from 'node:path';

/** Cache that all runs of this clone share. */
export const DEFAULT_CACHE_DIR = join(import.meta.dirname, '..', '..', '.local', 'cache');

export interface InstallOptions {
  /** Where fetched servers are kept. @default `.local/cache` of this repository */
  readonly cacheDir?: string | undefined;
  /**
   * Environment (the caller's `process.env`) in which PATH and addresses of running servers are
   * looked up.
   *
   * @default empty
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets one line at a time: what is fetched. @default nothing is said */
  readonly log?: ((line: string) => void) | undefined;
}
