// One holder at a time across processes, let go by the kernel when the holder dies, however it dies.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { waitFor } from '../tooling/poll.ts';

/** A lock that is held. */
export class HeldLock {
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
 * Takes the lock at `path`, or gives undefined at once if another process (or another holder in this one) has it.
 *
 * SQLite's file lock is used because Node offers none of its own, and a file that merely exists would outlive a killed run.
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

/** Waits for the lock at `path`. @param onWait is called once with the holder if that is another process */
export async function waitForLock(path: string, onWait: (holder: string) => void = () => {}): Promise<HeldLock> {
  const lock = await tryLock(path);
  if (lock) return lock;
  const holder = lockHolder(path) ?? 'another process';
  if (holder !== `process ${process.pid}`) onWait(holder);
  const forever = { within: Number.POSITIVE_INFINITY, everyMs: 100, onError: 'throw' } as const;
  return waitFor(`${path} is free`, () => tryLock(path), forever);
}

/** Who took the lock last, as "process 123"; undefined if nobody wrote it down. */
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
