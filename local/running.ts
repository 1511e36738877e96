// What the stack that runs on this machine, on its own ports, leaves for the commands beside it.
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** `deadletters` in package.json reads it too. */
const FILE = join(import.meta.dirname, '..', '.local', 'running.env');

/** Variables by which commands find its queue, its consumers and its producer. */
export type CommandEnvironment = Readonly<Record<string, string | undefined>>;

/** Leaves them. @returns what removes them again */
export async function announce(environment: CommandEnvironment): Promise<() => Promise<void>> {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(FILE, lines.join(''));
  return () => rm(FILE, { force: true });
}

/**
 * What the running stack left.
 * @returns undefined if no stack runs on its own ports
 */
export function localRun(file = FILE): CommandEnvironment | undefined {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
