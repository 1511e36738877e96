// One load test from start to end: load, drain, ledger, gate, verdict.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseStackConfig } from '../config/parse.ts';
import { fetchStats } from '../tooling/api-stats.ts';
import { NotReadyError } from '../tooling/errors.ts';
import type { Consumers } from './consumers.ts';
import { waitForDrain } from './ledger/drain.ts';
import { fetchGateSeconds, GateLog, type GateVerdict } from './ledger/gate.ts';
import type { Ledger } from './ledger/ledger.ts';
import { LossLog, type LossVerdict } from './ledger/losses.ts';
import { runLedger } from './ledger/scan.ts';
import { storeAt } from './ledger/store-at.ts';
import type { Mix } from './mixed.ts';
import { type Engine, readLoad } from './plan.ts';
import type { Profile } from './profiles.ts';
import { type Checked, checksOf, type Report } from './report/report.ts';

import type { ScalingWatch } from './scaling.ts';
import { Sampler } from './stats.ts';
import type { SecondRow } from './witness/figures.ts';

export interface RunOptions {
  readonly profile: Profile;
  /** Base address of the API. */
  readonly target: string;
  /** Host name by which an ingress routes to the target. Default: that of the address. */
  readonly host?: string | undefined;
  /** Address of the store itself, past the gate, as `storeAt` takes it; null skips the ledger. */
  readonly mongoUrl: string | null;
  /** Metrics server of the gate; null skips its check. */
  readonly gateUrl: string | null;
  /** Length of the payloads that the API creates, characters. Default that of `api:payloadChars`. */
  readonly payloadChars?: number | undefined;
  /** Largest body that a mixed load sends, KiB. Default that of `api:bodyLimitKiB`. */
  readonly bodyLimitKiB?: number | undefined;
  /**
   * Lists the dead letters and what the consumers counted as lost; absent: records in dead letters
   * count as lost, and the consumers' counts are not checked.
   */
  readonly consumers?: Consumers | undefined;
  /** Starts to watch how the stack is scaled; `now` gives seconds since the load began. */
  readonly watchScaling?: ((now: () => number) => ScalingWatch) | undefined;
  /** Dead letters that the run is to add. More fail it. Default 0. */
  readonly expectedDeadLetters?: number;
  /** How long the queue may take to drain, seconds. */
  readonly drainTimeoutSeconds: number;
  /** How long it must stay empty, milliseconds. Default that of `waitForDrain`. */
  readonly drainConfirmMs?: number;
  readonly engine: Engine;
  /** Ends the load early. What it sent is still drained and checked. */
  readonly interrupt?: AbortSignal;
  /** Runs once the queue is empty, before the records are checked. */
  readonly beforeLedger?: () => Promise<void>;
  /** Ends the wait for the queue too. */
  readonly hurry?: AbortSignal;
  readonly onStatus?: (row: SecondRow, sampler: Sampler) => void;
  /** Called with what happens after the load, for a status line. */
  readonly onProgress?: (text: string) => void;
}

const REQUEST_TIMEOUT_MS = 60_000;
const GRACEFUL_STOP_MS = 30_000;
const GATE_POLL_MS = 60_000;
/** A consumer that ends takes its count along. */
const LOSSES_POLL_MS = 10_000;
const { api: DEFAULTS } = parseStackConfig({});
const mixOf = ({ profile, bodyLimitKiB = DEFAULTS.bodyLimitKiB }: RunOptions): Mix | undefined =>
  profile.mixed ? { maxBodyBytes: bodyLimitKiB * 1024 } : undefined;
/** The id of no record. */
const NO_ID = '0'.repeat(24);
/** Dead letters that are read. The records of more count as lost. */
const MAX_DEAD_LETTERS = 10_000;

/** A name for the run that sorts by time and fits in an origin: `smoke-1121-103000-k3`. */
function runName(profile: string, now = new Date()): string {
  const digits = now.toISOString().replace(/\D/g, '');
  const random = Math.floor(Math.random() * 36 ** 2)
    .toString(36)
    .padStart(2, '0');
  return `${profile}-${digits.slice(4, 8)}-${digits.slice(8, 14)}-${random}`;
}

/** @throws NotReadyError when the target, the gate or the store does not answer; Error when the engine dies */
export async function runLoadTest(options: RunOptions): Promise<Report> {
  const { profile, target, host, gateUrl } = options;
  const before = await checkTarget(target, host);
  const gate = new GateLog();
  if (gateUrl !== null) await checkGate(gateUrl, gate);
  if (options.mongoUrl !== null) await checkStore(options.mongoUrl);
  const losses = await startLosses(options.consumers);

  const run = runName(profile.name);
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-load-'));
  const witnessFile = join(directory, 'witness.bin');
  const startedAt = new Date();
  const origin = performance.now();
  const now = () => (performance.now() - origin) / 1000;
  const sampler = new Sampler(target, origin, host);
  const scaling = options.watchScaling?.(now);
  const gatePoll = setInterval(() => {
    // A missed poll does no harm: the gate keeps an hour, and the last poll must succeed.
    if (gateUrl !== null)
      fetchGateSeconds(gateUrl).then(
        (seconds) => gate.add(seconds),
        () => undefined,
      );
  }, GATE_POLL_MS);
  const lossesPoll = setInterval(() => {
    if (losses instanceof LossLog) readLosses(options.consumers!, losses).catch(() => undefined);
  }, LOSSES_POLL_MS);
  try {
    const seconds: SecondRow[] = [];
    const load = options.engine.start({
      run,
      target,
      host,
      stages: profile.stages,
      arrivals: profile.arrivals,
      thinkSeconds: profile.thinkSeconds,
      keepAlive: profile.keepAlive,
      mix: mixOf(options),
      timeoutMs: REQUEST_TIMEOUT_MS,
      gracefulStopMs: GRACEFUL_STOP_MS,
      witnessFile,
    });
    const stop = () => load.stop();
    if (options.interrupt?.aborted) stop();
    options.interrupt?.addEventListener('abort', stop, { once: true });
    const totals = await readLoad(load, (row) => {
      seconds.push(row);
      options.onStatus?.(row, sampler);
    });
    options.interrupt?.removeEventListener('abort', stop);

    const drain = await waitForDrain({
      samples: sampler.samples,
      now,
      timeoutSeconds: options.drainTimeoutSeconds,
      confirmMs: options.drainConfirmMs,
      ...(options.hurry && { signal: options.hurry }),
      onProgress: (lag, waited) =>
        options.onProgress?.(
          `waiting for the queue to drain: lag ${lag?.toLocaleString('en-US') ?? 'unknown'}, ${waited.toFixed(0)} s`,
        ),
    });
    const endedAt = Math.floor(Date.now() / 1000);
    await sampler.stop();
    const after = await fetchStats(target, host).catch(() => null);
    const gateVerdict = await judgeGate(gateUrl, gate, Math.floor(startedAt.getTime() / 1000), endedAt);
    const counts = { before: before.deadLetters, after: after?.deadLetters ?? null };
    await options.beforeLedger?.();
    const ledger = await keepLedger(options, { run, witnessFile, startedAt }, counts);
    const lossVerdict = await judgeLosses(options.consumers, losses);
    const verdicts = { totals, drain, ledger, losses: lossVerdict, gate: gateVerdict };
    const checks = checksOf({ ...verdicts, thresholds: profile.thresholds });
    return {
      run,
      profile,
      engine: options.engine.name,
      target,
      startedAt: startedAt.toISOString(),
      machine: {
        cpus: availableParallelism(),
        model: cpus()[0]?.model.trim() ?? 'unknown',
        memoryMiB: Math.round(totalmem() / 2 ** 20),
        node: process.version,
      },
      interrupted: options.interrupt?.aborted ?? false,
      ...verdicts,
      scaling: (await scaling?.stop()) ?? [],
      seconds,
      samples: sampler.samples,
      gateSeconds: [...gate.seconds]
        .map(([second, operations]) => [second - startedAt.getTime() / 1000, operations] as const)
        .filter(([t]) => t > -1 && t < now()),
      checks,
      ok: checks.every(({ ok }) => ok !== false),
    };
  } finally {
    clearInterval(gatePoll);
    clearInterval(lossesPoll);
    await Promise.all([sampler.stop(), scaling?.stop()]);
    await rm(directory, { recursive: true, force: true });
  }
}

async function checkTarget(target: string, host: string | undefined) {
  try {
    return await fetchStats(target, host);
  } catch (cause) {
    throw new NotReadyError(
      `${target} is not ready for a load test: ${(cause as Error).message}.\nStart the stack with "npm start", or choose another one with --stack or --target.`,
      { cause },
    );
  }
}

async function checkGate(gateUrl: string, log: GateLog): Promise<void> {
  try {
    log.add(await fetchGateSeconds(gateUrl));
  } catch (cause) {
    throw new NotReadyError(
      `the gate's metrics server at ${gateUrl} does not answer, so the load on MongoDB cannot be checked.\nGive its address with --gate URL, or skip the check with --gate none.`,
      { cause },
    );
  }
}

async function checkStore(storeUrl: string): Promise<void> {
  const store = await storeAt(storeUrl);
  try {
    await store.findMany([NO_ID]);
  } catch (cause) {
    throw new NotReadyError(
      `the store does not answer, so the records cannot be checked: ${(cause as Error).message}.\nGive its address with --mongo URL, or skip the check with --mongo none.`,
      { cause },
    );
  } finally {
    await store.close();
  }
}

async function judgeGate(
  gateUrl: string | null,
  log: GateLog,
  from: number,
  to: number,
): Promise<Checked<GateVerdict>> {
  if (gateUrl === null) return { skipped: 'no gate was given' };
  try {
    log.add(await fetchGateSeconds(gateUrl));
    return log.verdict(from, to);
  } catch (error) {
    return { failed: (error as Error).message };
  }
}

/** The log of the consumers' counts, or why there is none. */
async function startLosses(consumers: Consumers | undefined): Promise<LossLog | { failed: string } | null> {
  if (consumers === undefined) return null;
  try {
    return new LossLog(await consumers.losses());
  } catch (error) {
    return { failed: `before the load: ${(error as Error).message}` };
  }
}

const readLosses = async (consumers: Consumers, log: LossLog): Promise<void> => log.add(await consumers.losses());

async function judgeLosses(
  consumers: Consumers | undefined,
  log: Awaited<ReturnType<typeof startLosses>>,
): Promise<Checked<LossVerdict>> {
  if (consumers === undefined || log === null) return { skipped: 'no consumers were given' };
  if (!(log instanceof LossLog)) return log;
  try {
    await readLosses(consumers, log);
    return log.verdict();
  } catch (error) {
    return { failed: (error as Error).message };
  }
}

async function keepLedger(
  options: RunOptions,
  parts: { run: string; witnessFile: string; startedAt: Date },
  deadLetters: { before: number | null; after: number | null },
): Promise<Checked<Ledger>> {
  if (options.mongoUrl === null) return { skipped: 'no store was given' };
  const { before, after } = deadLetters;
  if (before === null || after === null)
    return { failed: `the number of dead letters ${before === null ? 'before' : 'after'} the load is unknown` };
  try {
    const letters = after === before ? [] : await options.consumers?.deadLetters(Math.min(after, MAX_DEAD_LETTERS));
    return await runLedger({
      ...parts,
      mix: mixOf(options),
      unexpectedDead: Math.max(0, after - before - (options.expectedDeadLetters ?? 0)),
      deadRecords: (letters ?? []).map(({ record }) => record),
      mongoUrl: options.mongoUrl,
      payloadChars: options.payloadChars ?? DEFAULTS.payloadChars,
      onProgress: (records) => options.onProgress?.(`ledger: ${records.toLocaleString('en-US')} records read`),
    });
  } catch (error) {
    return { failed: (error as Error).message };
  }
}
