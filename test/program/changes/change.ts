// The effects of a change of each config key, as data. changes.test.ts compares them with the
// program and with the column "effect of a change" in docs/config.md.
import type { RawConfig } from '../../../config/parse.ts';
import type { Effect } from '../compare.ts';

/**
 * A change of one key, with its effects on the stack `dev`. Effects that are not named do not
 * happen.
 */
export interface Change extends Partial<Effect> {
  /** Config that the stack has besides, for a key that is used only with it. */
  readonly on?: RawConfig;
  /** The new value. */
  readonly to: unknown;
  /** Other keys that must change together with it. */
  readonly with?: RawConfig;
  /** Whether the guard refuses it. @default false */
  readonly refused?: boolean;
  /** Whether the guard refuses it while the queue holds records. @default false */
  readonly needsEmptyQueue?: boolean;
}

/** Changes by key; several for a key whose effects differ. */
export type Changes = Readonly<Record<string, Change | readonly Change[]>>;

/** Config of a stack with a producer: without a rate, there is none. */
export const producing: RawConfig = { 'producer:rate': 10 };

/** Config of a stack with single sign-on. */
export const signedOn: RawConfig = {
  'sso:issuer': 'https://login.example',
  'sso:clientId': 'breakwater',
  'sso:clientSecret': 'of-the-client',
};
