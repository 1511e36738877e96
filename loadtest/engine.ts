// Chooses the engine: k6 if it is installed, otherwise our own generator.
import { UsageError } from '../tooling/errors.ts';
import { findProgram } from '../tooling/programs.ts';
import { startBuiltin } from './generator/start.ts';
import { startK6 } from './k6/start.ts';
import type { Engine } from './plan.ts';

export interface ChosenEngine extends Engine {
  /** Why this one. */
  readonly why: string;
}

/**
 * @param wanted undefined: k6 if it is found
 * @param path the directories to search, as in `PATH`
 * @throws UsageError when k6 is wanted, and absent
 */
export function chooseEngine(wanted: Engine['name'] | undefined, path: string): ChosenEngine {
  const builtin = (why: string): ChosenEngine => ({ name: 'builtin', why, start: startBuiltin });
  if (wanted === 'builtin') return builtin('by option');
  const k6 = findProgram('k6', path);
  if (k6) return { name: 'k6', why: `${wanted ? 'by option' : 'found'}: ${k6}`, start: startK6(k6) };
  if (wanted === 'k6') throw new UsageError('--engine: k6 is not on the PATH; install it, or use --engine builtin');
  return builtin('k6 is not on the PATH');
}
