// Collects what a step finds, and shows it as it comes.
import { formatSeconds } from '../../tooling/report/format.ts';
import type { Check, Context, Findings } from './context.ts';
import type { Timeline } from './timeline.ts';

export const MARKS = new Map<boolean | null, string>([
  [true, '✓'],
  [false, '✗'],
  [null, '–'],
]);

type Recorder = Pick<Context, 'check' | 'took' | 'skip' | 'keep'>;

/** @param print shows a line */
export function createFindings(print: (line: string) => void): { findings: Findings; recorder: Recorder } {
  const checks: Check[] = [];
  const timelines: Timeline[] = [];
  const add = (check: Check) => {
    checks.push(check);
    const limit = check.limit && ` (${check.limit})`;
    print(`    ${MARKS.get(check.ok)} ${check.name}${check.found && `: ${check.found}`}${limit}`);
  };
  return {
    findings: { checks, timelines },
    recorder: {
      check: (name, ok, found = '') => add({ name, ok, found, limit: '' }),
      took: (name, seconds, limitSeconds) =>
        add({
          name,
          found: formatSeconds(seconds),
          limit: limitSeconds === undefined ? '' : `< ${formatSeconds(limitSeconds)}`,
          ok: limitSeconds === undefined || seconds < limitSeconds,
          seconds,
        }),
      skip: (name, why) => add({ name, found: `not checked: ${why}`, limit: '', ok: null }),
      keep: (timeline) => void timelines.push(timeline),
    },
  };
}
