// What a policy is.
import type { Declared } from '../declare.ts';

/** Lists what breaks it: empty when the stack keeps to it. */
export type Policy = (declared: readonly Declared[]) => readonly string[];

/** Policies by what they say. */
export type Policies = Readonly<Record<string, Policy>>;
