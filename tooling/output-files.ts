// Where the whole output of commands that failed is kept: a message has room for one line of it.
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Files of this process in a folder of its own in the system's temporary folder, which outlives the
 * process and is readable by its user only. Not in the project: programs run in several folders,
 * and some in none that stays.
 */
export class OutputFiles {
  #folder: string | undefined;

  /**
   * Writes what a command printed. The next failure of the same command replaces it, so that polling
   * does not fill the disk.
   *
   * @param command what it was, in words
   * @returns path of the file; undefined where there is nothing more to read than one line, or it
   * cannot be written
   */
  keep(command: string, output: string): string | undefined {
    if (output.split(/[\r\n]+/).filter((line) => line.trim() !== '').length < 2) return undefined;
    try {
      if (this.#folder === undefined || !existsSync(this.#folder))
        this.#folder = mkdtempSync(join(tmpdir(), 'breakwater-logs-'));
      const file = join(this.#folder, `${command.replace(/[^\w.-]+/g, '-')}.log`);
      writeFileSync(file, output, { mode: 0o600 });
      return file;
    } catch {
      return undefined; // the command's own error matters more
    }
  }
}
