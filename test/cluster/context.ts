// What a step gets, and what it records for the report.
import { formatSeconds } from '../../loadtest/report/report.ts';
import type { Options } from './options.ts';
import type { Pulumi } from './pulumi.ts';
import type { RunningStack } from './running-stack.ts';
import type { Timeline } from './timeline.ts';

export interface Check {
  readonly name: string;
  readonly found: string;
  /** What it had to be, where `name` does not say. */
  readonly limit: string;
  /** null: could not be checked here, `found` says why. */
  readonly ok: boolean | null;
  /** Where it is about a time. */
  readonly seconds?: number;
}

/** What a step leaves behind. */
export interface Findings {
  readonly checks: readonly Check[];
  readonly timelines: readonly Timeline[];
}

export interface Context {
  readonly options: Options;
  readonly pulumi: Pulumi;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The stack, which must be up. */
  stack(): Promise<RunningStack>;
  /** Goes on in either case. @param found what there is, shown beside the name */
  check(name: string, ok: boolean, found?: string): void;
  /** A time, with the most that it may be. */
  took(name: string, seconds: number, limitSeconds?: number): void;
  /** What cannot be checked here, and why. */
  skip(name: string, why: string): void;
  /** A line on the terminal. */
  say(text: string): void;
  keep(timeline: Timeline): void;
}

/** A step: what it does is in its title (plan.ts). @throws when it makes no sense to go on with it */
export type Step = (context: Context) => Promise<void>;

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
