// What a rule is, and how a list of them becomes the YAML that Prometheus reads.
import { stringify } from 'yaml';

/** `critical`: users are affected now, wake somebody. `warning`: they soon will be, look today. */
export type Severity = 'critical' | 'warning';

/** An expression under a name of its own, computed with each evaluation. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
}

/** A condition that somebody is told of. */
export interface Alert {
  /** Also the heading of its section in docs/operations.md. */
  readonly alert: string;
  readonly severity: Severity;
  readonly expr: string;
  /** How long the condition must hold: `5m`. */
  readonly for: string;
  /** What it means for users, one sentence. */
  readonly meaning: string;
  /** What is seen, with `{{ $value }}` and labels. */
  readonly seen: string;
}

/** Rules that are evaluated together, in this order. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (Recording | Alert)[];
}

export const isAlert = (rule: Recording | Alert): rule is Alert => 'alert' in rule;

/** Where an alert's section is. @param docsUrl where the folder docs/ can be read: a web address, or `docs` for the repository's own */
export const runbookOf = (alert: string, docsUrl: string): string => `${docsUrl}/operations.md#${alert.toLowerCase()}`;

/** A rule as Prometheus writes it. */
function ruleEntry(rule: Recording | Alert, docsUrl: string) {
  if (!isAlert(rule)) return { record: rule.record, expr: rule.expr };
  const { alert, severity, expr, meaning, seen } = rule;
  return {
    alert,
    expr,
    for: rule.for,
    labels: { severity },
    annotations: { summary: meaning, description: seen, runbook_url: runbookOf(alert, docsUrl) },
  };
}

/** The text of a Prometheus rule file. */
export const rulesYaml = (groups: readonly RuleGroup[], docsUrl: string): string =>
  stringify(
    { groups: groups.map(({ name, rules }) => ({ name, rules: rules.map((rule) => ruleEntry(rule, docsUrl)) })) },
    { lineWidth: 0 },
  );
