// Which engine makes the load: k6 where it is at hand, our own generator elsewhere.
import { UsageError } from '../tooling/errors.ts';
import { findProgram } from '../tooling/programs.ts';
import { startBuiltin } from './generator/start.ts';
import { startK6 } from './k6/start.ts';
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
  const k6 = findProgram('k6', path);
  if (k6) return { name: 'k6', why: `${wanted ? 'as asked' : 'found'}: ${k6}`, start: startK6(k6) };
  if (wanted === 'k6') throw new UsageError('--engine: k6 is not on the PATH; install it, or use --engine builtin');
  return builtin('k6 is not on the PATH');
}
