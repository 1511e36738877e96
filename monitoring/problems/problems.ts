// Every problem of a stack, and the part of the table that its console judges by.
import type { StackConfig } from '../../config/schema.ts';
import { kafkaSizeOf, thresholdsOf } from '../thresholds.ts';
import { diskProblems, targetProblems } from './platform.ts';
import type { Limit, Place, ProblemGroup, Severity } from './problem.ts';
import { queueProblems } from './queue.ts';
import { requestProblems } from './requests.ts';
import { kafkaProblems, mongoProblems, redisProblems } from './servers.ts';

/** All groups; without Kafka's where Kafka is not the stack's own. */
export function problemGroups(config: StackConfig): readonly ProblemGroup[] {
  const thresholds = thresholdsOf(config);
  const kafka = kafkaSizeOf(config);
  return [
    requestProblems(thresholds),
    queueProblems(thresholds),
    mongoProblems(thresholds),
    redisProblems(thresholds),
    targetProblems(thresholds),
    ...(kafka === undefined ? [] : [kafkaProblems(kafka)]),
    diskProblems(thresholds),
  ];
}

/** A problem as the console judges it: its signal is the console's own. */
export interface LiveProblem {
  readonly severity: Severity;
  readonly place?: Place | undefined;
  readonly meaning: string;
  readonly finding?: string | undefined;
  readonly limit?: Limit | undefined;
  readonly forSeconds: number;
}

/** The problems that the console judges, by id. */
export const liveProblems = (config: StackConfig): Readonly<Record<string, LiveProblem>> =>
  Object.fromEntries(
    problemGroups(config)
      .flatMap(({ problems }) => problems)
      .flatMap(({ id, severity, meaning, finding, limit, live }) =>
        live === undefined
          ? []
          : [
              [
                id,
                {
                  severity,
                  place: live.place,
                  meaning,
                  finding,
                  limit: live.limit ?? limit,
                  forSeconds: live.forSeconds ?? 0,
                },
              ],
            ],
      ),
  );
