// The console of the local run: which processes it asks, and how it starts a load.
import { join } from 'node:path';
import type { ConsoleTargets } from '../config/environment.ts';
import { LOAD_PROFILES, peakUsers, totalSeconds } from '../config/load-profiles.ts';
import type { PortPlan } from './ports-plan.ts';

const loadtest = join(import.meta.dirname, '..', 'loadtest', 'main.ts');

/** The metrics server of each process. */
export function consoleTargets(plan: PortPlan): ConsoleTargets {
  const at = (ports: readonly number[]) => ports.map((port) => `127.0.0.1:${port}`);
  return {
    api: at(plan.apiMetrics),
    consumer: at(plan.consumerMetrics),
    gate: at([plan.gateMetrics]),
    producer: at([plan.producerMetrics]),
  };
}

/** Where a load goes, and where its report is put. */
export interface LoadAddresses {
  readonly apiUrl: string;
  readonly directMongoUrl: string;
  readonly gateMetricsUrl: string;
  readonly redisUrl: string;
  readonly payloadChars: number;
  readonly bodyLimitKiB: number;
  readonly reportDir: string;
}

/**
 * The value of `CONSOLE_LOAD`: the command of a load test on this stack, and the profiles to choose
 * from.
 */
export function consoleLoad(addresses: LoadAddresses): string {
  const options = {
    target: addresses.apiUrl,
    mongo: addresses.directMongoUrl,
    gate: addresses.gateMetricsUrl,
    redis: addresses.redisUrl,
    'payload-chars': String(addresses.payloadChars),
    'body-limit': String(addresses.bodyLimitKiB),
    report: addresses.reportDir,
  };
  return JSON.stringify({
    command: [process.execPath, loadtest, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])],
    profiles: Object.values(LOAD_PROFILES).map(({ name, question, stages }) => ({
      name,
      question,
      users: peakUsers(stages),
      seconds: totalSeconds(stages),
    })),
  });
}
