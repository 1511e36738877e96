// The load profiles as data: the question that each answers, and how its users come and go. The
// load test runs them, and the console offers them.

/** The number of users changes linearly to `users` within `seconds`. It starts at 0. */
export interface Stage {
  readonly seconds: number;
  readonly users: number;
}

/** The rate of requests over time, in steps of equal length. Plain data, as a plan is. */
export interface Arrivals {
  readonly stepSeconds: number;
  /** Requests a second in each step. */
  readonly rates: readonly number[];
  /** Connections at most. Without a free one, a request is not sent, and counts as failed. */
  readonly connections: number;
}

export interface LoadProfile {
  readonly name: string;
  /** The question that a run answers. */
  readonly question: string;
  readonly stages: readonly Stage[];
  /** Requests arrive at these rates, whatever the answers take. Default: users wait for answers. */
  readonly arrivals?: Arrivals;
  /** Pause between an answer and the next request: uniform in [least, most] seconds. */
  readonly thinkSeconds: readonly [number, number];
  /** false: opens a connection for each request and sends `Connection: close`. */
  readonly keepAlive: boolean;
  /** Flushes the cache before the load. */
  readonly coldCache: boolean;
  /**
   * Mixes GET with POST of all sizes up to the body limit, with unusual text. false: GET only, and
   * the API makes the payloads.
   */
  readonly mixed: boolean;
}

const profile = (
  name: string,
  question: string,
  stages: [number, number][],
  more: Partial<LoadProfile> = {},
): LoadProfile => ({
  name,
  question,
  stages: stages.map(([seconds, users]) => ({ seconds, users })),
  thinkSeconds: [0, 0],
  keepAlive: true,
  coldCache: false,
  mixed: false,
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
  profile(
    'mixed',
    'Does every promise hold for reads and writes of one byte to the body limit, with unusual text?',
    [
      [10, 50],
      [40, 50],
      [10, 0],
    ],
    { thinkSeconds: [0.5, 1.5], mixed: true },
  ),
];

/** Every profile by its name. */
export const LOAD_PROFILES: Readonly<Record<string, LoadProfile>> = Object.fromEntries(
  ALL.map((one) => [one.name, one]),
);

/** The peak number of users. */
export const peakUsers = (stages: readonly Stage[]): number => Math.max(...stages.map(({ users }) => users));

/** The duration of all stages. */
export const totalSeconds = (stages: readonly Stage[]): number => stages.reduce((sum, { seconds }) => sum + seconds, 0);
