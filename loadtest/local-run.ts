// What the stack that runs on this machine left for the commands beside it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

const RUNNING_FILE = join(import.meta.dirname, '..', '.local', 'running.env');

/**
 * Variables of its apps, and where some of them are.
 * @returns undefined if no stack runs on its own ports
 */
export function localRun(file = RUNNING_FILE): Readonly<Record<string, string | undefined>> | undefined {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
