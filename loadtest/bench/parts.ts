// What the bench measures. Each function answers one question on a fresh stack, and removes it.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectMongo } from '../../apps/shared/mongo.ts';
import { MongoStore } from '../../apps/shared/store/mongo/store.ts';
import { fetchStats } from '../../tooling/api-stats.ts';
import { formatCount, formatMs, formatPercent } from '../../tooling/report/format.ts';
import { startBuiltin } from '../generator/start.ts';
import { fetchGateSeconds } from '../ledger/gate.ts';
import { PROFILES, type Profile } from '../profiles.ts';
import { failedRatio, type Report } from '../report/report.ts';
import { type RunOptions, runLoadTest } from '../run.ts';
import { type BenchProcess, type QueueKind, withStack } from './stack.ts';
import { runWrk } from './wrk.ts';

/** One line of the result. */
export interface Finding {
  readonly what: string;
  readonly found: string;
  /** Empty if there is no target. */
  readonly target: string;
  /** null: there is no target, or the value is unknown. */
  readonly ok: boolean | null;
  readonly remark: string;
}

export interface PartOptions {
  readonly queues: readonly QueueKind[];
  /** Length of each measurement, seconds. */
  readonly seconds: number;
  readonly log: (line: string) => void;
}

/** Maximum age of the numbers in /api/stats. */
export const STATS_AGE_MS = 1100;
export const WRK_CONNECTIONS = 200;
const API_TARGETS: Readonly<Record<QueueKind, number>> = { 'redis-streams': 7000, kafka: 5000 };
/**
 * Records a second, by the gate's limit. At 100 operations a second it is the limit on bytes that
 * counts: nine tenths of what it lets through.
 */
const CONSUMER_TARGETS: Readonly<Record<number, number>> = { 100: 34_000, 0: 60_000 };
const CONSUMER_MICROS_TARGET = 8;
const RATIO_TARGET = 20;

/**
 * How many requests a second does one API process serve, with all servers on the same machine,
 * while the consumer stores and while it does not?
 */
export async function benchApi({ queues, seconds, log }: PartOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const queue of queues) {
    await withStack({ queue, iops: 100, log }, async ({ api, consumer }) => {
      const measureWith = async (what: string): Promise<void> => {
        log(`api on ${queue}, ${what}: wrk -t1 -c${WRK_CONNECTIONS} -d${seconds}s`);
        const wrk = await runWrk(`${api.url}/api/data`, WRK_CONNECTIONS, seconds);
        findings.push({
          what: `GET /api/data, ${queue}, ${what}`,
          found: `${formatCount(wrk.requestsPerSecond)} req/s`,
          target: `≥ ${formatCount(API_TARGETS[queue])} req/s`,
          ok: wrk.requestsPerSecond >= API_TARGETS[queue] && wrk.failed === 0,
          remark: `wrk -t1 -c${WRK_CONNECTIONS}: p50 ${formatMs(wrk.p50Ms)}, p99 ${formatMs(wrk.p99Ms)}, ${formatCount(wrk.failed)} failed`,
        });
      };
      await runWrk(`${api.url}/api/data`, WRK_CONNECTIONS, 3);
      await measureWith('consumer storing');
      const consumerMemory = memory(`consumer memory, ${queue}`, consumer, 200);
      await consumer.stop();
      await measureWith('consumer stopped');
      findings.push(memory(`API memory, ${queue}`, api, 300), consumerMemory);
    });
  }
  return findings;
}

/**
 * How fast does the consumer store a full queue, with the gate and without, what does a record take,
 * and how many MongoDB operations does it need?
 */
export async function benchConsumer({ queues, seconds, log }: PartOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [queue, iops] of queues.flatMap((each) => [[each, 100] as const, [each, 0] as const])) {
    const where = iops === 0 ? `${queue}, gate off` : queue;
    await withStack({ queue, iops, log }, async (bench) => {
      const { stack, api } = bench;
      log(`consumer on ${where}: filling the queue`);
      await bench.consumer.stop();
      await runWrk(`${api.url}/api/data`, WRK_CONNECTIONS, seconds);
      await sleep(STATS_AGE_MS);
      const records = await lagOf(api);
      const { client, db } = connectMongo({ url: stack.directMongoUrl, appName: 'bench' });
      const store = new MongoStore(db);
      const before = await store.count();
      const from = Math.floor(Date.now() / 1000);
      const begun = performance.now();
      const consumer = await bench.startConsumer();
      log(`consumer on ${where}: storing ${formatCount(records)} records`);
      let firstSeen: { at: number; stored: number; micros: number } | undefined;
      for (let stored = 0; stored < records; await sleep(20)) {
        stored = (await store.count()) - before;
        if (stored > 0) firstSeen ??= { at: performance.now(), stored, micros: await cpuMicros(consumer.pid) };
      }
      const ended = performance.now();
      const { at, stored, micros } = firstSeen ?? { at: begun, stored: 0, micros: 0 };
      const each = ((await cpuMicros(consumer.pid)) - micros) / (records - stored);
      const took = (ended - at) / 1000;
      await client.close();
      const gate = await fetchGateSeconds(stack.gateMetricsUrl);
      const operations = gate.seconds.filter(([second]) => second >= from).map(([, count]) => count);
      const most = operations.reduce((a, b) => Math.max(a, b), 0);
      const rate = (records - stored) / took;
      findings.push(
        {
          what: `consumer stores, ${where}`,
          found: `${formatCount(rate)} records/s`,
          target: `≥ ${formatCount(CONSUMER_TARGETS[iops]!)} records/s`,
          ok: rate >= CONSUMER_TARGETS[iops]!,
          remark: `${formatCount(records)} records, measured from the first batch, ${((at - begun) / 1000).toFixed(1)} s after the process started`,
        },
        {
          what: `CPU per record, ${where}`,
          found: `${each.toFixed(1)} µs`,
          target: `≤ ${CONSUMER_MICROS_TARGET} µs`,
          ok: each <= CONSUMER_MICROS_TARGET,
          remark: 'of the consumer, from the first batch',
        },
        {
          what: `MongoDB operations meanwhile, ${where}`,
          found: `at most ${formatCount(most)} in a second`,
          target: iops === 0 ? '' : `≤ ${formatCount(gate.limit)}`,
          ok: iops === 0 ? null : most <= gate.limit,
          remark: `${formatCount(records / operations.reduce((a, b) => a + b, 0))} records per operation`,
        },
        memory(`consumer memory, ${where}`, consumer, 200),
      );
    });
  }
  return findings;
}

/**
 * How does throughput compare with the naive baseline, behind the same gate and without a limit?
 */
export async function benchBaseline({ queues, seconds, log }: PartOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  const profile: Profile = {
    ...PROFILES.stress!,
    name: 'bench',
    stages: [
      { seconds: 2, users: 200 },
      { seconds, users: 200 },
    ],
  };
  const queue = queues[0]!;
  for (const iops of [100, 0]) {
    await withStack({ queue, iops, log }, async (bench) => {
      const { stack, api } = bench;
      const common = {
        profile,
        mongoUrl: stack.directMongoUrl,
        gateUrl: stack.gateMetricsUrl,
        drainTimeoutSeconds: 300,
        engine: { name: 'builtin' as const, start: startBuiltin },
      };
      const gate = iops === 0 ? 'gate off' : `gate ${iops}`;
      const baseline = await bench.startBaseline();
      log(`baseline, ${gate}: 200 users for ${seconds} s`);
      const naive = await measure(common, baseline.url);
      await baseline.stop();
      log(`Breakwater on ${queue}, ${gate}: 200 users for ${seconds} s`);
      const ours = await measure(common, api.url);
      const ratio = perSecond(ours) / perSecond(naive);
      findings.push(line(`baseline, ${gate}`, naive), line(`Breakwater on ${queue}, ${gate}`, ours), {
        what: `ratio, ${gate}`,
        found: `${formatCount(ratio)} times`,
        target: iops === 0 ? '' : `≥ ${RATIO_TARGET} times`,
        ok: iops === 0 ? null : ratio >= RATIO_TARGET,
        remark: 'same profile, same machine, one after the other',
      });
    });
  }
  return findings;
}

const measure = (common: Omit<RunOptions, 'target'>, target: string): Promise<Report> =>
  runLoadTest({ ...common, target });

const perSecond = ({ totals }: Report): number => totals.accepted / totals.seconds;

function line(what: string, report: Report): Finding {
  const { totals, ledger } = report;
  const clean = 'ok' in ledger ? (ledger.ok ? 'ledger clean' : 'ledger NOT clean') : 'no ledger';
  return {
    what,
    found: `${formatCount(perSecond(report))} req/s`,
    target: '',
    ok: 'ok' in ledger ? ledger.ok : false,
    remark: `p95 ${totals.latency ? formatMs(totals.latency.p95) : '–'}, ${formatPercent(failedRatio(totals))} failed, ${clean}`,
  };
}

/** CPU time of a process so far, its children that have ended included, microseconds. */
export async function cpuMicros(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const [utime, stime, cutime, cstime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return (utime! + stime! + cutime! + cstime!) * 10_000; // in ticks of 10 ms, as everywhere on Linux
}

export async function lagOf(api: BenchProcess): Promise<number> {
  const { lag } = await fetchStats(api.url);
  if (lag === null) throw new Error('the API does not report the lag');
  return lag;
}

/** The peak memory of the process, on systems that report it. */
export function memory(what: string, { pid }: BenchProcess, limitMiB: number, connections = WRK_CONNECTIONS): Finding {
  const target = `< ${limitMiB} MiB`;
  const remark = `peak resident memory at ${formatCount(connections)} connections`;
  const peak = peakMemoryMiB(pid);
  if (peak === null) return { what, found: 'unknown on this system', target, ok: null, remark };
  return { what, found: `${formatCount(peak)} MiB`, target, ok: peak < limitMiB, remark };
}

function peakMemoryMiB(pid: number): number | null {
  try {
    const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return null; // no /proc here
  }
}
