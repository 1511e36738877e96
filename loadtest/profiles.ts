// The load profiles as data: the question of each run, how its users come and go, and its
// thresholds.
import { parseStackConfig } from '../config/parse.ts';
import { thresholdsOf } from '../monitoring/thresholds.ts';

/** Users move in a straight line from the stage before (0 at first) to `users` within `seconds`. */
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
  /** What the run answers. */
  readonly question: string;
  readonly stages: readonly Stage[];
  /**
   * Pause between an answer and the next request, drawn evenly from [least, most] seconds; [0, 0]
   * for none.
   */
  readonly thinkSeconds: readonly [number, number];
  /** False opens a connection for each request and sends `Connection: close`. */
  readonly keepAlive: boolean;
  /** Empties the cache before the load. */
  readonly coldCache: boolean;
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
    'Does the whole path work: are a few users served, and is every accepted record stored?',
    [
      [1, 20],
      [8, 20],
      [1, 0],
    ],
    { thinkSeconds: [0.05, 0.15] },
  ),
  profile(
    'demo',
    'How does it feel with a thousand users at once, in a minute?',
    [
      [15, 1000],
      [35, 1000],
      [10, 0],
    ],
    { thinkSeconds: [0.2, 0.6] },
  ),
  profile('stress', 'What do 5,000 users get who ask again as soon as they are answered?', [
    [60, 1000],
    [120, 2000],
    [180, 5000],
    [300, 5000],
    [120, 0],
  ]),
  profile('stress-10k', 'Where does the time go with 10,000 users who ask again as soon as they are answered?', [
    [60, 2000],
    [120, 4000],
    [180, 10_000],
    [300, 10_000],
    [120, 0],
  ]),
  profile(
    'spike',
    'Do 10,000 people who arrive within two minutes, each on a new connection, notice each other?',
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
    'What happens when the cache is empty and the reads fall through to MongoDB?',
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
  /** Peak number of users; the stages keep their proportions. Default: as the profile says. */
  readonly vus?: number | undefined;
  /** Factor on the duration of each stage; 0.1 runs in a tenth of the time. Default 1. */
  readonly timeScale?: number | undefined;
}

/** The most users that a profile reaches. */
export const peakUsers = (stages: readonly Stage[]): number => Math.max(...stages.map(({ users }) => users));

/** How long the stages take. */
export const totalSeconds = (stages: readonly Stage[]): number => stages.reduce((sum, { seconds }) => sum + seconds, 0);

/** The same profile with other sizes. Stages that had users keep at least one. */
export function scaleProfile(from: Profile, { vus, timeScale = 1 }: Scaling): Profile {
  const factor = vus === undefined ? 1 : vus / peakUsers(from.stages);
  const stages = from.stages.map(({ seconds, users }) => ({
    seconds: seconds * timeScale,
    users: users === 0 ? 0 : Math.max(1, Math.round(users * factor)),
  }));
  return { ...from, stages };
}

/** How many users there are `second` seconds after the start; 0 after the last stage. */
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
