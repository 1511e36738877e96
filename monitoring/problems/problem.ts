// What a problem is. Each is described once: Prometheus judges it over minutes and hours (an
// alert), the console over the last minute (a sentence on its page), or both.
import type { Threshold, Unit } from '../thresholds.ts';

/** `critical`: users are affected or about to be, act now. `warning`: look at it today. */
export type Severity = 'critical' | 'warning';

/** Where on the path of a record the console marks a problem. */
export type Place = 'api' | 'cache' | 'queue' | 'consumer' | 'producer' | 'gate' | 'mongo' | 'dead-letters';

/** The problem is there while `signal comparison value` is true. */
export interface Limit {
  readonly comparison: '>' | '>=' | '<' | '==';
  readonly value: number;
  readonly unit: Unit;
}

/**
 * What an alert can only judge where a stack has it: a gate of its own, or the agents and kubelets
 * of a cluster.
 */
export type Need = 'gate' | 'cluster';

/** What Prometheus evaluates: `signal`, the limit, then `also`. */
export interface AlertForm {
  /** PromQL. The whole condition where the problem has no limit. */
  readonly signal: string;
  /** Further conditions, PromQL that continues the expression: `and …`, `or …`, `unless …`. */
  readonly also?: string;
  readonly needs?: Need;
  /** How long the expression must hold: `5m`. */
  readonly for: string;
  /** Replaces the problem's `finding` where only the alert has the labels or the window for it. */
  readonly finding?: string;
}

/** What the console evaluates. Its signal is in apps/console/diagnosis.ts, under the same id. */
export interface LiveForm {
  /** Where it is; undefined where that depends on what is found. */
  readonly place?: Place;
  /** How long the signal must be beyond its limit, seconds. @default 0, at once */
  readonly forSeconds?: number;
  /** Replaces the problem's limit where the console measures something else than Prometheus. */
  readonly limit?: Limit;
}

export interface Problem {
  /**
   * Names the alert and the problem on the console's page; alerts have a section of this name in
   * docs/operations.md.
   */
  readonly id: string;
  readonly severity: Severity;
  /** What it means for users, one or two sentences. */
  readonly meaning: string;
  /** What is observed, one sentence; `{value}` is the signal's value in the limit's unit. */
  readonly finding?: string;
  readonly limit?: Limit;
  readonly alert?: AlertForm;
  readonly live?: LiveForm;
}

/** An expression that Prometheus evaluates and stores under a name of its own. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
}

/** Problems with what their alerts are computed from; Prometheus evaluates a group in order. */
export interface ProblemGroup {
  readonly name: string;
  /** What all of its recordings and alerts need. */
  readonly needs?: Need;
  readonly recordings: readonly Recording[];
  readonly problems: readonly Problem[];
}

type Measure = Pick<Threshold, 'value' | 'unit'>;
const limit =
  (comparison: Limit['comparison']) =>
  ({ value, unit }: Measure): Limit => ({ comparison, value, unit });

export const above = limit('>');
export const atLeast = limit('>=');
export const below = limit('<');
/** More than nothing. */
export const any = (unit: Unit): Limit => above({ value: 0, unit });
/** For a signal that is 1 for yes and 0 for no. */
export const NO: Limit = { comparison: '==', value: 0, unit: 'flag' };

/** The limit as PromQL continues a signal with it: `> 0.8`. */
export const promqlOf = ({ comparison, value }: Limit): string => `${comparison} ${value}`;
