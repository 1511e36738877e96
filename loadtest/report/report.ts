// The report as data: all results of a run, and whether it passed. Terminal and HTML render it.
import { formatCount, formatMs, formatPercent, formatSeconds } from '../../tooling/report/format.ts';

import type { Drain } from '../ledger/drain.ts';
import type { GateVerdict } from '../ledger/gate.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LossVerdict } from '../ledger/losses.ts';
import type { Profile, Thresholds } from '../profiles.ts';
import type { Scaling } from '../scaling.ts';
import type { Sample } from '../stats.ts';
import type { SecondRow, Totals } from '../witness/figures.ts';

/** The result of a check, or why there is none. */
export type Checked<T> = T | { readonly skipped: string } | { readonly failed: string };

export interface Report {
  readonly run: string;
  /** As it ran, after scaling. */
  readonly profile: Profile;
  readonly engine: string;
  readonly target: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly machine: {
    readonly cpus: number;
    readonly model: string;
    readonly memoryMiB: number;
    readonly node: string;
  };
  /** The user ended it early. */
  readonly interrupted: boolean;
  readonly totals: Totals;
  readonly seconds: readonly SecondRow[];
  readonly samples: readonly Sample[];
  /** [seconds since the start, operations], counted by the gate. */
  readonly gateSeconds: readonly (readonly [number, number])[];
  readonly drain: Drain;
  /** How fast pods followed the load; empty in the local run, and where none were added. */
  readonly scaling: readonly Scaling[];
  readonly ledger: Checked<Ledger>;
  /** What the consumers counted as lost. */
  readonly losses: Checked<LossVerdict>;
  readonly gate: Checked<GateVerdict>;
  /** All checks, in the order of display. */
  readonly checks: readonly Check[];
  /** All of them hold. */
  readonly ok: boolean;
}

export interface Check {
  readonly name: string;
  readonly found: string;
  readonly limit: string;
  /** null: skipped by the user. */
  readonly ok: boolean | null;
}

/** Share of requests without a correct 200. */
export const failedRatio = (totals: Totals): number =>
  totals.requests === 0 ? 1 : (totals.requests - totals.accepted) / totals.requests;

export interface Verdicts {
  readonly totals: Totals;
  readonly thresholds: Thresholds;
  readonly drain: Drain;
  readonly ledger: Checked<Ledger>;
  /** What the consumers counted as lost. */
  readonly losses: Checked<LossVerdict>;
  readonly gate: Checked<GateVerdict>;
}

/** All checks of a run. A load without a single answer fails. */
export function checksOf({ totals, thresholds, drain, ledger, losses, gate }: Verdicts): Check[] {
  const { latency } = totals;
  const latencyCheck = (name: string, found: number | undefined, limitMs: number): Check => ({
    name,
    found: found === undefined ? 'no answers' : formatMs(found),
    limit: `< ${formatMs(limitMs)}`,
    ok: found !== undefined && found < limitMs,
  });
  const failed = failedRatio(totals);
  return [
    latencyCheck('p95 latency', latency?.p95, thresholds.p95Ms),
    latencyCheck('p99 latency', latency?.p99, thresholds.p99Ms),
    {
      name: 'failed requests',
      found: formatPercent(failed),
      limit: `< ${formatPercent(thresholds.failedRatio)}`,
      ok: failed < thresholds.failedRatio,
    },
    {
      name: 'queue drained',
      found: drain.drained ? `after ${formatSeconds(drain.seconds)}` : `not within ${formatSeconds(drain.seconds)}`,
      limit: 'lag 0',
      ok: drain.drained,
    },
    unchecked('ledger', ledger) ?? {
      name: 'ledger',
      found: (ledger as Ledger).ok ? 'clean' : ledgerFaults(ledger as Ledger),
      limit: 'every count is 0',
      ok: (ledger as Ledger).ok,
    },
    unchecked('lost records', losses) ?? lossCheck(losses as LossVerdict),
    unchecked('gate', gate) ?? gateCheck(gate as GateVerdict),
  ];
}

const lossCheck = ({ records, processes, ok }: LossVerdict): Check => ({
  name: 'lost records',
  found: `${formatCount(records)} counted by ${formatCount(processes)} ${processes === 1 ? 'consumer' : 'consumers'}`,
  limit: '0',
  ok,
});

function gateCheck({ limit, maxOperations, seconds, ok }: GateVerdict): Check {
  const found = seconds === 0 ? 'no second of the run was counted' : `at most ${formatCount(maxOperations)} op/s`;
  return { name: 'gate', found, limit: limit === 0 ? 'no limit' : `≤ ${formatCount(limit)} op/s in every second`, ok };
}

function unchecked(name: string, checked: Checked<object>): Check | null {
  if ('skipped' in checked) return { name, found: `not checked: ${checked.skipped}`, limit: '', ok: null };
  if ('failed' in checked) return { name, found: `could not be checked: ${checked.failed}`, limit: '', ok: false };
  return null;
}

const ledgerFaults = (ledger: Ledger): string =>
  (
    [
      ['lost', 'lost'],
      ['phantom', 'phantom'],
      ['double', 'double'],
      ['corrupt', 'corrupt'],
      ['torn', 'torn'],
      ['unexpectedDead', 'unexpected dead letters'],
    ] as const
  )
    .filter(([kind]) => ledger[kind] > 0)
    .map(([kind, name]) => `${formatCount(ledger[kind])} ${name}`)
    .join(', ');
