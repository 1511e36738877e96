// A lock across processes. The kernel releases it when its holder ends, however it ends.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { waitFor } from '../tooling/poll.ts';

/** A lock that is held. */
class HeldLock {
  #database: DatabaseSync | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** May be called twice. */
  release(): void {
    this.#database?.close();
    this.#database = undefined;
  }
}

/**
 * Takes the lock at `path`; gives undefined at once if another process, or another holder in this
 * one, has it.
 *
 * It is SQLite's file lock, because Node has none and a file that merely exists would outlive a
 * killed process.
 */
export async function tryLock(path: string): Promise<HeldLock | undefined> {
  const { DatabaseSync } = await import('node:sqlite');
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  writeFileSync(`${path}.holder`, `process ${process.pid}`);
  return new HeldLock(database);
}

/**
 * Waits for the lock at `path`.
 *
 * @param onWait is called once with the holder if that is another process
 */
export async function waitForLock(path: string, onWait: (holder: string) => void = () => {}): Promise<HeldLock> {
  const lock = await tryLock(path);
  if (lock) return lock;
  const holder = lockHolder(path) ?? 'another process';
  if (holder !== `process ${process.pid}`) onWait(holder);
  const forever = { within: Number.POSITIVE_INFINITY, everyMs: 100, onError: 'throw' } as const;
  return waitFor(`${path} is free`, () => tryLock(path), forever);
}

/** Who took the lock last, as `process 123`; undefined if that is unknown. */
export function lockHolder(path: string): string | undefined {
  try {
    return readFileSync(`${path}.holder`, 'utf8');
  } catch {
    return undefined;
  }
}

function isBusy(error: unknown): boolean {
  // SQLITE_BUSY
  return (error as { errcode?: number }).errcode === 5;
}
