// Background load while a step changes the stack, judged by the load test's own ledger.
import {
  clusterConsumers,
  failedRatio,
  type Ledger,
  PROFILES,
  type Profile,
  type Report,
  runLoadTest,
  startBuiltin,
} from '../../loadtest/api.ts';
import { waitFor } from '../../tooling/poll.ts';
import { formatCount, formatMs, formatPercent } from '../../tooling/report/format.ts';
import type { Context } from './context.ts';
import type { RunningStack } from './running-stack.ts';

export interface LoadSize {
  readonly users: number;
  /** Seconds between two requests of a user. */
  readonly think: readonly [number, number];
}

/**
 * About 100 requests a second: enough to notice a gap of 20 ms, and light enough for a laptop that
 * is also rolling pods.
 */
export const STEADY: LoadSize = { users: 20, think: [0.1, 0.3] };
/** About 10 requests a second. */
export const LIGHT: LoadSize = { users: 5, think: [0.3, 0.7] };

const LONGEST_SECONDS = 3600;
const DRAIN_SECONDS = 180;

export interface RunningLoad {
  /** Resolves when this many more requests have been accepted. */
  accepted(more: number): Promise<void>;
  /**
   * Ends the load, waits until the queue is empty, and compares the ledger with MongoDB.
   * @param beforeLedger runs before the comparison
   */
  end(beforeLedger?: () => Promise<void>): Promise<Report>;
}

const steady = ({ users, think }: LoadSize): Profile => ({
  ...PROFILES.smoke!,
  name: 'steady',
  question: 'Do clients notice the change?',
  stages: [
    { seconds: 1, users },
    { seconds: LONGEST_SECONDS, users },
  ],
  thinkSeconds: think,
});

/** Starts the load. @throws NotReadyError when the API does not answer */
export async function startLoad(stack: RunningStack, size: LoadSize, signal: AbortSignal): Promise<RunningLoad> {
  const { addresses, close } = await stack.access('store', 'gate');
  const over = new AbortController();
  let accepted = 0;
  let before: (() => Promise<void>) | undefined;
  const done = runLoadTest({
    profile: steady(size),
    target: addresses.target,
    host: addresses.host,
    mongoUrl: addresses.storeUrl ?? null,
    gateUrl: addresses.gateUrl ?? null,
    payloadChars: addresses.payloadChars,
    consumers: clusterConsumers(stack.kubectl, stack.namespace),
    drainTimeoutSeconds: DRAIN_SECONDS,
    engine: { name: 'builtin', start: startBuiltin },
    beforeLedger: async () => before?.(),
    interrupt: AbortSignal.any([over.signal, signal]),
    hurry: signal,
    onStatus: (row) => {
      accepted += row.accepted;
    },
  }).finally(close);
  done.catch(() => undefined);
  const load: RunningLoad = {
    async accepted(more) {
      const goal = accepted + more;
      const reached = waitFor(`${more} more requests accepted`, async () => accepted >= goal, { within: 120, signal });
      await Promise.race([reached, done.then(() => Promise.reject(new Error('the load ended early')))]);
    },
    end(beforeLedger) {
      before = beforeLedger;
      over.abort();
      return done;
    },
  };
  await load.accepted(1);
  return load;
}

/** Checks what the load saw. @param mostFailed share of requests that may fail; null: any */
export function checkLoad(context: Context, report: Report, mostFailed: number | null): void {
  const { totals, ledger, losses, drain, gate } = report;
  const { latency } = totals;
  const requests = `${formatCount(totals.requests)} requests`;
  const failed = failedRatio(totals);
  const problems = Object.entries(totals.problems).map(([problem, count]) => `${problem}: ${formatCount(count)}`);
  const shown = [`${formatPercent(failed)} of ${requests}`, ...problems].join('; ');
  if (mostFailed === null) context.check('failed requests, of which any number is allowed', true, shown);
  else context.check(`fewer than ${formatPercent(mostFailed)} of requests fail`, failed < mostFailed, shown);
  context.check(
    'latency under the load',
    latency !== null,
    latency
      ? `p50 ${formatMs(latency.p50)}, p95 ${formatMs(latency.p95)}, max ${formatMs(latency.max)}`
      : 'no request was answered',
  );
  context.check(
    'the queue drains',
    drain.drained,
    `${drain.seconds.toFixed(1)} s after the load, highest lag ${drain.maxLag ?? '?'}`,
  );
  context.check(
    'the ledger is clean',
    'ok' in ledger && ledger.ok,
    'ok' in ledger ? ledgerText(ledger) : JSON.stringify(ledger),
  );
  context.check('no consumer counts a lost record', 'ok' in losses && losses.ok, JSON.stringify(losses));
  if ('ok' in gate)
    context.check(
      "no second above the gate's limit",
      gate.ok,
      `at most ${gate.maxOperations} of ${gate.limit} operations/s`,
    );
  else context.skip("no second above the gate's limit", JSON.stringify(gate));
}

const ledgerText = ({ promised, stored, lost, phantom, double, corrupt, torn, examples }: Ledger): string =>
  [
    `${formatCount(promised)} records promised, ${formatCount(stored)} stored: lost ${lost}, phantom ${phantom}, double ${double}, corrupt ${corrupt}, torn ${torn}`,
    ...examples,
  ].join('; ');
