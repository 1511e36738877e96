// The table of problems of a stack, as its console receives it.
import { type ProblemTable, problemTable } from '../apps/console/problems.ts';
import { parseStackConfig } from '../config/parse.ts';
import { liveProblems } from '../monitoring/problems/problems.ts';

/** As the value of `CONSOLE_PROBLEMS`. */
export const problemsJson = (config: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify(liveProblems(parseStackConfig(config)));

/** As the console reads it. */
export const problemTableOf = (config: Readonly<Record<string, unknown>> = {}): ProblemTable =>
  problemTable.parse(JSON.parse(problemsJson(config)));
