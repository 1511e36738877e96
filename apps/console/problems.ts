// The table of problems that the console judges by. The stack's alerts are made from the same
// table, which reaches the console through its environment.
import { z } from 'zod';
import { COMPONENTS } from './readings.ts';
import type { Snapshot } from './snapshot.ts';

/** The problems that the console has a signal for; the table must describe each of them. */
const PROBLEM_IDS = [
  'ApiMissing',
  'MongoUnreachable',
  'MongoRefusing',
  'GateMissing',
  'RecordsLost',
  'QueueUnreachable',
  'QueueFull',
  'QueueNearlyFull',
  'ConsumerUnreachable',
  'ConsumerStalled',
  'ProducerUnreachable',
  'TargetDown',
  'Shedding',
  'LatencyHigh',
  'MongoAtLimit',
  'LagGrowing',
  'StoredLate',
  'CacheFailing',
  'DeadLetters',
  'LookupFailing',
] as const;

/** Places on the path of a record. */
const PLACES = [...COMPONENTS, 'queue', 'cache', 'mongo', 'dead-letters'] as const;

const UNITS = ['seconds', 'ratio', 'perSecond', 'records', 'processes', 'flag'] as const;

const limit = z.strictObject({
  comparison: z.enum(['>', '>=', '<', '==']),
  value: z.number(),
  unit: z.enum(UNITS),
});

const definition = z.strictObject({
  /** `critical`: users are affected or about to be. */
  severity: z.enum(['critical', 'warning']),
  /** Where it is; missing where that depends on what is found. */
  place: z.enum(PLACES).optional(),
  /** What it means for users. */
  meaning: z.string(),
  /** What is observed; `{value}` is the signal's value. Missing where the console words it. */
  finding: z.string().optional(),
  /** The problem is there while the signal is beyond the limit. */
  limit: limit.optional(),
  /** How long that must last. */
  forSeconds: z.number().min(0),
});

export const problemTable = z.record(z.enum(PROBLEM_IDS), definition);

export type ProblemId = (typeof PROBLEM_IDS)[number];
export type Place = (typeof PLACES)[number];
export type Unit = (typeof UNITS)[number];
export type Definition = z.infer<typeof definition>;
export type ProblemTable = z.infer<typeof problemTable>;

const COMPARISONS: Readonly<Record<z.infer<typeof limit>['comparison'], (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '==': (a, b) => a === b,
};

/** Whether a signal is beyond the problem's limit; not while its value is unknown (null). */
export const isBeyond = ({ limit }: Definition, value: number | null): boolean =>
  value !== null && limit !== undefined && COMPARISONS[limit.comparison](value, limit.value);

/**
 * The snapshots of the last `seconds`, from one that is at least as old; undefined while none is.
 */
export function lastSeconds(recent: readonly Snapshot[], seconds: number): readonly Snapshot[] | undefined {
  const since = recent.at(-1)!.at - seconds * 1000;
  const first = recent.findLastIndex(({ at }) => at <= since);
  return first === -1 ? undefined : recent.slice(first);
}
