// Lists the dead letters of the local run, with the command that people use.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { DeadLetter } from '../apps/shared/queue/queue.ts';
import { run } from '../tooling/run.ts';

const REPOSITORY = join(import.meta.dirname, '..');

/**
 * The oldest dead letters of the stack that runs on this machine; none if no stack does.
 * @throws when its queue does not answer
 */
export async function listLocalDeadLetters(limit: number): Promise<DeadLetter[]> {
  const file = join(REPOSITORY, '.local', 'running.env');
  if (!existsSync(file)) return [];
  const env = parseEnv(await readFile(file, 'utf8'));
  const program = join(REPOSITORY, 'apps', 'deadletters', 'main.ts');
  const args = [program, 'list', '--json', '--limit', String(limit)];
  return JSON.parse(await run(process.execPath, args, { env, timeoutMs: 60_000 })) as DeadLetter[];
}
