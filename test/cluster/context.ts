// What a step gets, and what it records for the report.
import { formatSeconds } from '../../tooling/report/format.ts';
import type { Options } from './options.ts';
import type { Pulumi } from './pulumi.ts';
import type { RunningStack } from './running-stack.ts';
import type { Timeline } from './timeline.ts';

export interface Check {
  readonly name: string;
  readonly found: string;
  /** The requirement, unless `name` states it. */
  readonly limit: string;
  /** null: not checked in this run, as `found` says, or a time that a cold run does not judge. */
  readonly ok: boolean | null;
  /** The measured time, if the check is about one. */
  readonly seconds?: number;
}

/** What a step records. */
export interface Findings {
  readonly checks: readonly Check[];
  readonly timelines: readonly Timeline[];
}

export interface Context {
  readonly options: Options;
  readonly pulumi: Pulumi;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The running stack. @throws NotReadyError when it is not up */
  stack(): Promise<RunningStack>;
  /**
   * Records a check; a failed one does not end the step.
   * @param found the observation, shown beside the name
   */
  check(name: string, ok: boolean, found?: string): void;
  /** Records a time, with its upper limit. */
  took(name: string, seconds: number, limitSeconds?: number): void;
  /** Records what cannot be checked in this run, and why. */
  skip(name: string, why: string): void;
  /** Prints a line on the terminal. */
  say(text: string): void;
  /** Adds a timeline to the report. */
  keep(timeline: Timeline): void;
}

/** A step of plan.ts. @throws when it cannot continue */
export type Step = (context: Context) => Promise<void>;

export const MARKS = new Map<boolean | null, string>([
  [true, '✓'],
  [false, '✗'],
  [null, '–'],
]);

type Recorder = Pick<Context, 'check' | 'took' | 'skip' | 'keep'>;

/**
 * @param print prints a line
 * @param judgesTimes whether a time above its limit is a failure
 */
export function createFindings(
  print: (line: string) => void,
  judgesTimes: boolean,
): { findings: Findings; recorder: Recorder } {
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
          ok: limitSeconds === undefined || seconds < limitSeconds || (judgesTimes ? false : null),
          seconds,
        }),
      skip: (name, why) => add({ name, found: `not checked: ${why}`, limit: '', ok: null }),
      keep: (timeline) => void timelines.push(timeline),
    },
  };
}
