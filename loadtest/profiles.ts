// The load profiles with the thresholds that a run must meet.
import { LOAD_PROFILES, type LoadProfile, peakUsers, type Stage } from '../config/load-profiles.ts';
import { parseStackConfig } from '../config/parse.ts';
import { thresholdsOf } from '../monitoring/thresholds.ts';

export interface Thresholds {
  /** 95th percentile of the latency, milliseconds. */
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Share of requests that did not get a 200, between 0 and 1. */
  readonly failedRatio: number;
}

export interface Profile extends LoadProfile {
  readonly thresholds: Thresholds;
}

/**
 * The defaults, whatever the stack under test promises: so the results of all runs can be compared.
 */
const { latencyP95, latencyP99, errorBudget } = thresholdsOf(parseStackConfig({}));

const THRESHOLDS: Thresholds = {
  p95Ms: latencyP95.value * 1000,
  p99Ms: latencyP99.value * 1000,
  failedRatio: errorBudget.value,
};

/** Every profile by its name. */
export const PROFILES: Readonly<Record<string, Profile>> = Object.fromEntries(
  Object.entries(LOAD_PROFILES).map(([name, profile]) => [name, { ...profile, thresholds: THRESHOLDS }]),
);

interface Scaling {
  /** Peak number of users; the stages are scaled to it. Default: that of the profile. */
  readonly vus?: number | undefined;
  /** Factor for the duration of each stage; 0.1 runs in a tenth of the time. Default 1. */
  readonly timeScale?: number | undefined;
}

/** Scales a profile. A stage with users keeps at least one. */
export function scaleProfile(from: Profile, { vus, timeScale = 1 }: Scaling): Profile {
  const factor = vus === undefined ? 1 : vus / peakUsers(from.stages);
  const stages = from.stages.map(({ seconds, users }) => ({
    seconds: seconds * timeScale,
    users: users === 0 ? 0 : Math.max(1, Math.round(users * factor)),
  }));
  return { ...from, stages };
}

/** The number of users `second` seconds after the start; 0 after the last stage. */
export function usersAt(stages: readonly Stage[], second: number): number {
  let from = 0;
  let start = 0;
  for (const { seconds, users } of stages) {
    if (second < start + seconds) return Math.round(from + ((users - from) * (second - start)) / seconds);
    start += seconds;
    from = users;
  }
  return 0;
}
