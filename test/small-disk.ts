// A small disk of a test's own, that can be filled up: a file system in memory, which only root may
// mount.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

/** Why this machine cannot mount one; undefined if it can. */
export const NO_SMALL_DISK =
  process.platform === 'linux' && process.getuid?.() === 0 ? undefined : 'only root on Linux can mount a small disk';

export class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), 'breakwater-disk-'));
  readonly #filler = join(this.path, 'filler');

  private constructor(mib: number) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', this.path]);
  }

  /** Mounts it now, so that servers of the file can use it, and removes it after the tests. */
  static use(mib: number): SmallDisk {
    const disk = new SmallDisk(mib);
    afterAll(() => {
      execFileSync('umount', ['--lazy', disk.path]);
      rmdirSync(disk.path);
    });
    return disk;
  }

  /** Fills it up. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.path);
    try {
      writeFileSync(this.#filler, Buffer.alloc(bavail * bsize));
    } catch (error) {
      // Others write meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** Makes room again. */
  clear(): void {
    rmSync(this.#filler);
  }
}
