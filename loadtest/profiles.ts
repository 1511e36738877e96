// The load profiles: what question each answers, how its users come and go, and its thresholds.

/** The number of users changes linearly to `users` within `seconds`. It starts at 0. */
export interface Stage {
  readonly seconds: number;
  readonly users: number;
}

export interface Thresholds {
  /** 95th percentile of the latency, milliseconds. */
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Share of requests that did not get a 200, between 0 and 1. */
  readonly failedRatio: number;
}

export interface Profile {
  readonly name: string;
  /** The question that a run answers. */
  readonly question: string;
  readonly stages: readonly Stage[];
  /** Pause between an answer and the next request: uniform in [least, most] seconds. */
  readonly thinkSeconds: readonly [number, number];
  /** false: opens a connection for each request and sends `Connection: close`. */
  readonly keepAlive: boolean;
  /** Flushes the cache before the load. */
  readonly coldCache: boolean;
  readonly thresholds: Thresholds;
}

const THRESHOLDS: Thresholds = { p95Ms: 2000, p99Ms: 5000, failedRatio: 0.01 };

const profile = (name: string, question: string, stages: [number, number][], more: Partial<Profile> = {}): Profile => ({
  name,
  question,
  stages: stages.map(([seconds, users]) => ({ seconds, users })),
  thinkSeconds: [0, 0],
  keepAlive: true,
  coldCache: false,
  thresholds: THRESHOLDS,
  ...more,
});

const ALL = [
  profile(
    'smoke',
    'Does the whole path work: is every request of a few users served, and every accepted record stored?',
    [
      [1, 20],
      [8, 20],
      [1, 0],
    ],
    { thinkSeconds: [0.05, 0.15] },
  ),
  profile(
    'demo',
    'What latency do 1,000 concurrent users see?',
    [
      [15, 1000],
      [35, 1000],
      [10, 0],
    ],
    { thinkSeconds: [0.2, 0.6] },
  ),
  profile('stress', 'What do 5,000 users get who send the next request as soon as they have an answer?', [
    [60, 1000],
    [120, 2000],
    [180, 5000],
    [300, 5000],
    [120, 0],
  ]),
  profile(
    'stress-10k',
    'Where is the time spent with 10,000 users who send the next request as soon as they have an answer?',
    [
      [60, 2000],
      [120, 4000],
      [180, 10_000],
      [300, 10_000],
      [120, 0],
    ],
  ),
  profile(
    'spike',
    'Is latency still low when 10,000 users arrive within two minutes, with a new connection per request?',
    [
      [60, 5000],
      [60, 10_000],
      [120, 10_000],
      [30, 0],
    ],
    { thinkSeconds: [10, 15], keepAlive: false },
  ),
  profile(
    'soak',
    'Do memory and latency stay flat over ten minutes of steady load?',
    [
      [30, 2000],
      [600, 2000],
      [30, 0],
    ],
    { thinkSeconds: [1, 3] },
  ),
  profile(
    'cold',
    'What happens when the cache is empty and all reads go to MongoDB?',
    [
      [10, 200],
      [40, 200],
      [10, 0],
    ],
    { thinkSeconds: [0.1, 0.3], coldCache: true },
  ),
];

/** Every profile by its name. */
export const PROFILES: Readonly<Record<string, Profile>> = Object.fromEntries(ALL.map((one) => [one.name, one]));

export interface Scaling {
  /** Peak number of users; the stages are scaled to it. Default: that of the profile. */
  readonly vus?: number | undefined;
  /** Factor for the duration of each stage; 0.1 runs in a tenth of the time. Default 1. */
  readonly timeScale?: number | undefined;
}

/** The peak number of users. */
export const peakUsers = (stages: readonly Stage[]): number => Math.max(...stages.map(({ users }) => users));

/** The duration of all stages. */
export const totalSeconds = (stages: readonly Stage[]): number => stages.reduce((sum, { seconds }) => sum + seconds, 0);

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
