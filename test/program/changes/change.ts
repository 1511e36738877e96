// What a change of a config key does, as data: the column "a change of it" in docs/config.md, in a form that a test can hold against the
// program (changes.test.ts).
import type { RawConfig } from '../../../config/parse.ts';
import type { Effect } from '../compare.ts';

/** A change of one key and what becomes of the stack `dev`. What is not named does not happen. */
export interface Change extends Partial<Effect> {
  /** Config that the stack has besides, where the key means something there only. */
  readonly on?: RawConfig;
  /** The new value. */
  readonly to: unknown;
  /** Other keys that must change with it. */
  readonly with?: RawConfig;
  /** The guard refuses it. @default false */
  readonly refused?: boolean;
  /** The guard refuses it while the queue holds records. @default false */
  readonly needsEmptyQueue?: boolean;
}

/** Changes by key; several where the key does different things. */
export type Changes = Readonly<Record<string, Change | readonly Change[]>>;

/** Config of a stack with a producer: without a rate there is none. */
export const producing: RawConfig = { 'producer:rate': 10 };
