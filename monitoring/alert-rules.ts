// The alert rules of a stack: the table of problems as the rule file that Prometheus reads.
import { stringify } from 'yaml';
import type { StackConfig } from '../config/schema.ts';
import { hasOwnMongo } from '../config/servers.ts';
import {
  type AlertForm,
  type Need,
  type Problem,
  promqlOf,
  type Recording,
  type Severity,
} from './problems/problem.ts';
import { problemGroups } from './problems/problems.ts';
import type { Unit } from './thresholds.ts';

/** Where the stack runs: only a cluster has kubelets, and agents beside the brokers. */
export type Environment = 'cluster' | 'local';

export interface Alert {
  readonly alert: string;
  readonly severity: Severity;
  readonly expr: string;
  readonly for: string;
  /** What it means for users. */
  readonly summary: string;
  /** What is observed, with Prometheus' `{{ $value }}` and labels. */
  readonly description: string;
}

/** Rules that are evaluated together, in this order. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (Recording | Alert)[];
}

export const isAlert = (rule: Recording | Alert): rule is Alert => 'alert' in rule;

/** How Prometheus writes a value for people. */
const HUMANIZED: Readonly<Record<Unit, string>> = {
  seconds: '{{ $value | humanizeDuration }}',
  ratio: '{{ $value | humanizePercentage }}',
  perSecond: '{{ $value | humanize }}',
  factor: '{{ $value }}',
  records: '{{ $value }}',
  processes: '{{ $value }}',
  partitions: '{{ $value }}',
  flag: '{{ $value }}',
};

function alertOf({ id, severity, meaning, finding = '', limit }: Problem, alert: AlertForm): Alert {
  return {
    alert: id,
    severity,
    expr: [alert.signal, limit && promqlOf(limit), alert.also].filter(Boolean).join(' '),
    for: alert.for,
    summary: meaning,
    description: alert.finding ?? (limit ? finding.replace('{value}', HUMANIZED[limit.unit]) : finding),
  };
}

/** The rule groups of a stack, without those about what it does not have. */
export function ruleGroups(config: StackConfig, environment: Environment): readonly RuleGroup[] {
  const has: Readonly<Record<Need, boolean>> = {
    gate: hasOwnMongo(config),
    cluster: environment === 'cluster',
  };
  const applies = ({ needs }: { readonly needs?: Need }): boolean => needs === undefined || has[needs];
  return problemGroups(config)
    .filter(applies)
    .map(({ name, recordings, problems }) => ({
      name,
      rules: [
        ...recordings,
        ...problems.flatMap((problem) =>
          problem.alert && applies(problem.alert) ? [alertOf(problem, problem.alert)] : [],
        ),
      ],
    }));
}

/** Every alert of a stack. */
export const alertsOf = (config: StackConfig, environment: Environment): readonly Alert[] =>
  ruleGroups(config, environment).flatMap(({ rules }) => rules.filter(isAlert));

/** A rule as Prometheus writes it. @param docsUrl where the folder docs/ can be read */
function ruleEntry(rule: Recording | Alert, docsUrl: string) {
  if (!isAlert(rule)) return rule;
  const { alert, severity, expr, summary, description } = rule;
  const runbook_url = `${docsUrl}/operations.md#${alert.toLowerCase()}`;
  return { alert, expr, for: rule.for, labels: { severity }, annotations: { summary, description, runbook_url } };
}

/** The text of the stack's rule file. */
export const ruleFile = (config: StackConfig, environment: Environment): string =>
  stringify(
    {
      groups: ruleGroups(config, environment).map(({ name, rules }) => ({
        name,
        rules: rules.map((rule) => ruleEntry(rule, config.monitoring.docsUrl)),
      })),
    },
    { lineWidth: 0 },
  );
