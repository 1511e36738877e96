// Which engine makes the load: k6 where it is at hand, our own generator elsewhere.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { startBuiltin } from './generator/start.ts';
import { startK6 } from './k6/start.ts';
import { UsageError } from './options.ts';
import type { StartLoad } from './plan.ts';

export interface Engine {
  readonly name: 'k6' | 'builtin';
  /** Why this one. */
  readonly why: string;
  readonly start: StartLoad;
}

/** @param wanted undefined takes k6 where it is found @throws UsageError when k6 is wanted and absent */
export function chooseEngine(wanted: Engine['name'] | undefined, path: string): Engine {
  const builtin = (why: string): Engine => ({ name: 'builtin', why, start: startBuiltin });
  if (wanted === 'builtin') return builtin('as asked');
  const k6 = findOnPath('k6', path);
  if (k6) return { name: 'k6', why: `${wanted ? 'as asked' : 'found'}: ${k6}`, start: startK6(k6) };
  if (wanted === 'k6') throw new UsageError('--engine: k6 is not on the PATH; install it, or use --engine builtin');
  return builtin('k6 is not on the PATH');
}

/** The program's file, undefined where no folder of `path` has it. */
export function findOnPath(program: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
