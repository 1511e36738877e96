// Where fetched servers are kept, and how a program on the PATH is found.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Downloads that all runs of this clone share. */
export const defaultCacheDir = join(import.meta.dirname, '..', '..', '.local', 'cache');

/** The first executable file named `program` in `path` (the text of a PATH variable), or undefined. */
export function findProgram(program: string, path: string | undefined): string | undefined {
  for (const folder of (path ?? '').split(delimiter)) {
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      if (folder && statSync(candidate).isFile()) return candidate;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
