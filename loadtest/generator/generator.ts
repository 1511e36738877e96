// The generator: moves the users along the stages, records what they get, and writes the witness log.
import { lookup } from 'node:dns/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { peakUsers, totalSeconds } from '../../config/load-profiles.ts';
import type { Load, Plan, SecondRow } from '../plan.ts';
import { usersAt } from '../profiles.ts';
import { Recorder } from '../witness/recorder.ts';
import { WitnessWriter } from '../witness/witness.ts';
import type { Endpoint } from './connection.ts';
import { VirtualUser } from './user.ts';

const TICK_MS = 50;

/** The one call that the load consists of. */
export const REQUEST_PATH = '/api/data';

/** Starts the load in this process. @throws when the target's name cannot be resolved */
export async function startGenerator(plan: Plan, onSecond: (row: SecondRow) => void): Promise<Load> {
  const url = new URL(plan.target);
  const address = await lookup(url.hostname.replace(/^\[|\]$/g, ''));
  const endpoint: Endpoint = { host: address.address, port: Number(url.port || 80) };
  const { promise: done, resolve, reject } = Promise.withResolvers<Awaited<Load['done']>>();
  const witness = new WitnessWriter(plan.witnessFile);
  witness.failed.catch(reject);
  const recorder = new Recorder();
  const [leastThink, mostThink] = plan.thinkSeconds;
  const head = `Host: ${plan.host ?? url.host}\r\n${plan.keepAlive ? '' : 'Connection: close\r\n'}X-Origin: ${plan.run}/`;
  const startedAt = performance.now();
  let running = 0;
  let stopping: number | null = null;

  const users = Array.from(
    { length: peakUsers(plan.stages) },
    (_, id) =>
      new VirtualUser(id, {
        endpoint,
        keepAlive: plan.keepAlive,
        request: (user, iteration) => `GET ${REQUEST_PATH} HTTP/1.1\r\n${head}${user}/${iteration}\r\n\r\n`,
        think: () => (leastThink + Math.random() * (mostThink - leastThink)) * 1000,
        now: () => performance.now(),
        started: () => running++,
        stopped: () => running--,
        done: (user, iteration, judged, latencyMs) => {
          recorder.add(judged, latencyMs);
          witness.add(user, iteration, judged.outcome, judged.checksum);
        },
      }),
  );

  const late = monitorEventLoopDelay({ resolution: 10 });
  late.enable();
  const cpu = process.cpuUsage();
  let active = 0;
  let second = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    const elapsed = (now - startedAt) / 1000;
    if (stopping === null && elapsed >= totalSeconds(plan.stages)) stopping = now;
    const wanted = stopping === null ? usersAt(plan.stages, elapsed) : 0;
    while (active < wanted) users[active++]!.start();
    while (active > wanted) users[--active]!.stop();
    if (elapsed >= second + 1) {
      onSecond(recorder.takeSecond(second, running));
      second = Math.floor(elapsed);
      for (const user of users) user.cut(plan.timeoutMs, 'TIMEOUT');
    }
    if (stopping === null) return;
    if (now - stopping > plan.gracefulStopMs) for (const user of users) user.cut(0, 'CUT_AT_END');
    if (running === 0) finish(elapsed);
  }, TICK_MS);

  function finish(elapsed: number): void {
    clearInterval(timer);
    late.disable();
    onSecond(recorder.takeSecond(second, 0));
    const used = process.cpuUsage(cpu);
    const totals = recorder.totals(elapsed, {
      cpuPercent: Math.round((used.user + used.system) / 1e4 / elapsed),
      lateP99Ms: Math.max(0, Math.round(late.percentile(99) / 1e6) - 10),
      memoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    });
    witness.close().then(() => resolve(totals), reject);
  }

  return {
    stop: () => {
      stopping ??= performance.now();
    },
    done,
  };
}
