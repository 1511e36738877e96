// npm run loadtest: puts load on the API, waits until everything is stored, checks every record and
// writes the report.
import { join } from 'node:path';
import { localRun } from '../local/running.ts';
import { type Access, openAccess, type Part } from '../tooling/cluster/access.ts';
import { readOutputs } from '../tooling/cluster/outputs.ts';
import { UserError } from '../tooling/errors.ts';
import { clusterConsumers, localConsumers } from './consumers.ts';
import { chooseEngine } from './engine.ts';
import { flushCacheAt } from './flush-cache.ts';
import { sendProgress } from './ipc.ts';
import { writePlan } from './jmeter/plan.ts';
import { helpText, isLoopback, type Options, parseOptions } from './options.ts';
import type { Profile } from './profiles.ts';
import { describeTraffic, replayProfile } from './replay/arrivals.ts';
import { readTraffic } from './replay/read.ts';
import { ScalingWatch } from './scaling.ts';
import { runSession } from './session.ts';

const REPOSITORY = join(import.meta.dirname, '..');

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(helpText());
    return 0;
  }
  const profile = await readReplay(options);
  if (options.export) {
    const plan = await writePlan(profile, { ...options, target: options.target! });
    console.log(`${plan}\nrun it: npm run jmeter -- -n -t ${plan} -l ${plan.replace(/jmx$/, 'jtl')}`);
    return 0;
  }
  const access = await openStack(options);
  try {
    return await load({ ...options, profile }, access);
  } finally {
    await access?.close();
  }
}

/** The profile that repeats the logs; without logs the one that was chosen. */
async function readReplay({ profile, replay }: Options): Promise<Profile> {
  if (replay === undefined) return profile;
  console.log(`replay: reading ${replay.logs.join(', ')}`);
  const traffic = await readTraffic(replay.logs);
  const replayed = replayProfile(profile, traffic, replay);
  console.log(`replay: ${describeTraffic(traffic)}`);
  return replayed;
}

/**
 * Opens access to a stack in a cluster: to those of its parts that the command line gives no
 * address for.
 */
async function openStack(options: Options): Promise<Access | undefined> {
  const { stack, profile, mongoUrl, gateUrl, redisUrl } = options;
  if (stack === undefined) return undefined;
  const parts: Part[] = [];
  if (mongoUrl === undefined) parts.push('store');
  if (gateUrl === undefined) parts.push('gate');
  if (redisUrl === undefined && profile.coldCache) parts.push('redis');
  return openAccess(await readOutputs({ stack, directory: REPOSITORY }), parts);
}

async function load(options: Options, access: Access | undefined): Promise<number> {
  const { profile, target = access!.addresses.target, redisUrl = access?.addresses.redisUrl } = options;
  if (!isLoopback(target))
    console.warn(`warning: ${target} is not on this machine; make sure that you may put load on it`);
  if (profile.coldCache)
    console.log(`cache flushed: ${(await flushCacheAt(redisUrl!)).toLocaleString('en-US')} records`);
  const { mongoUrl = access?.addresses.storeUrl, gateUrl = access?.addresses.gateUrl } = options;
  const api = access?.addresses ?? localApi();
  return runSession({
    profile,
    target,
    // The stack's host name belongs to the stack's address only.
    host: options.host ?? (options.target === undefined ? access?.addresses.host : undefined),
    mongoUrl: mongoUrl ?? null,
    gateUrl: gateUrl ?? null,
    watchScaling: access && ((now) => new ScalingWatch(access.kubectl, access.autoscaled, now)),
    consumers: access ? clusterConsumers(access.kubectl, access.namespace) : localConsumers(),
    payloadChars: options.payloadChars ?? api?.payloadChars,
    bodyLimitKiB: options.bodyLimitKiB ?? api?.bodyLimitKiB,
    drainTimeoutSeconds: options.drainTimeoutSeconds,
    reportDir: options.reportDir,
    engine: chooseEngine(options.engine, process.env.PATH ?? ''),
  });
}

/** What the API of the local run is set to; undefined if no stack runs. */
function localApi(): Pick<Options, 'payloadChars' | 'bodyLimitKiB'> | undefined {
  const { PAYLOAD_CHARS, API_BODY_LIMIT_KIB } = localRun() ?? {};
  if (PAYLOAD_CHARS === undefined || API_BODY_LIMIT_KIB === undefined) return undefined;
  return { payloadChars: Number(PAYLOAD_CHARS), bodyLimitKiB: Number(API_BODY_LIMIT_KIB) };
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof UserError;
  console.error(expected ? error.message : error);
  sendProgress({ phase: 'failed', text: (error as Error).message });
  process.exitCode = expected ? 2 : 1;
}
