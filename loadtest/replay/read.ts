// Reads access logs of any size into the number of requests of each second.
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../tooling/errors.ts';
import { LogReader } from './formats.ts';

/** What access logs say about the traffic. */
export interface Traffic {
  /** Requests by the second since 1970 in which they arrived; without the seconds that had none. */
  readonly counts: ReadonlyMap<number, number>;
  readonly requests: number;
  readonly files: number;
  /** Names of the formats that were found. */
  readonly formats: ReadonlySet<string>;
  /** Lines of no known format. */
  readonly bad: number;
  /** The first of them, with its place. */
  readonly firstBad: string | undefined;
}

/** Longest time that logs may cover. It bounds the counts and the plan: one number a second. */
export const MAX_LOG_SECONDS = 7 * 86_400;
/** The rest of a longer line is not read. */
const MAX_LINE_CHARS = 64 * 1024;
const SHOWN_CHARS = 120;

/**
 * Reads the files, and all files in the folders, at any depth. Those that start like gzip are
 * unpacked. The order of files and lines does not matter.
 *
 * @throws UserError if a file cannot be read, or if the logs cover more than seven days
 */
export async function readTraffic(paths: readonly string[]): Promise<Traffic> {
  const counts = new Map<number, number>();
  const formats = new Set<string>();
  let requests = 0;
  let bad = 0;
  let firstBad: string | undefined;
  const files = await filesIn(paths);
  for (const file of files) {
    const reader = new LogReader();
    let number = 0;
    await eachLine(file, (line) => {
      number++;
      if (line.trim() === '') return;
      const entry = reader.read(line);
      if (entry === 'header') return;
      if (entry === undefined) {
        bad++;
        firstBad ??= `${file}:${number}: ${JSON.stringify(line.slice(0, SHOWN_CHARS))}`;
        return;
      }
      const second = Math.floor(entry.time / 1000);
      counts.set(second, (counts.get(second) ?? 0) + 1);
      if (counts.size > MAX_LOG_SECONDS)
        throw new UserError('LOGS_TOO_LONG', '--replay: the logs cover more than seven days; name fewer files');
      formats.add(entry.format);
      requests++;
    });
  }
  return { counts, requests, files: files.length, formats, bad, firstBad };
}

async function filesIn(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    try {
      if (!(await stat(path)).isDirectory()) found.push(path);
      else
        for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
          if (entry.isFile()) found.push(join(entry.parentPath, entry.name));
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }
  return found.sort();
}

async function eachLine(file: string, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  const add = (part: string) => {
    if (rest.length < MAX_LINE_CHARS) rest += part.slice(0, MAX_LINE_CHARS - rest.length);
  };
  try {
    for await (const chunk of await openLog(file)) {
      const text = (chunk as Buffer).toString('latin1');
      let from = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        add(text.slice(from, end));
        onLine(rest);
        rest = '';
        from = end + 1;
      }
      add(text.slice(from));
    }
    if (rest !== '') onLine(rest);
  } catch (cause) {
    throw cause instanceof UserError ? cause : unreadable(file, cause);
  }
}

async function openLog(file: string): Promise<NodeJS.ReadableStream> {
  const handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0).finally(() => handle.close());
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  // An error of either stream reaches the reader of the last one.
  return buffer.readUInt16BE() === 0x1f8b ? pipeline(stream, createGunzip(), () => {}) : stream;
}

const unreadable = (path: string, cause: unknown): UserError =>
  new UserError('UNREADABLE_LOG', `--replay: cannot read ${path}: ${(cause as Error).message}`, { cause });
