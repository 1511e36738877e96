// When requests arrive, whatever the answers take: the load of a replay.
import type { Arrivals } from '../../config/load-profiles.ts';
import { UserError } from '../../tooling/errors.ts';
import type { Profile } from '../profiles.ts';
import { MAX_LOG_SECONDS, type Traffic } from './read.ts';

export interface ReplayOptions {
  /** Requests for each request of the logs. */
  readonly factor: number;
  /** Factor for the duration; the rates stay. */
  readonly timeScale: number;
  readonly connections: number;
}

/**
 * Returns the profile that repeats the traffic: its rate in each second, times the factor. What a
 * request is, and whether connections are kept, comes from the given profile.
 *
 * @throws UserError if there is no traffic, or if it covers more than seven days
 */
export function replayProfile(base: Profile, traffic: Traffic, options: ReplayOptions): Profile {
  const { factor, timeScale, connections } = options;
  const seconds = [...traffic.counts.keys()];
  const [first, last] = seconds.reduce(
    ([low, high], second) => [Math.min(low, second), Math.max(high, second)],
    [Infinity, -Infinity],
  );
  if (seconds.length === 0) throw new UserError('NO_TRAFFIC', `--replay: the logs hold no request${badLines(traffic)}`);
  if (last - first >= MAX_LOG_SECONDS)
    throw new UserError(
      'LOGS_TOO_LONG',
      `--replay: the logs cover more than seven days, from ${utc(first)} to ${utc(last)}; name fewer files`,
    );
  const rates = Array.from({ length: last - first + 1 }, (_, i) => (traffic.counts.get(first + i) ?? 0) * factor);
  return {
    ...base,
    name: 'replay',
    question: `Does the stack keep up with the traffic of ${utc(first)} to ${utc(last)}${factor === 1 ? '' : `, times ${factor}`}?`,
    stages: [{ seconds: rates.length * timeScale, users: connections }],
    arrivals: { stepSeconds: timeScale, rates, connections },
  };
}

/** What was read, in one line. */
export function describeTraffic(traffic: Traffic): string {
  const { files, formats, requests } = traffic;
  return `${requests.toLocaleString('en-US')} requests from ${files} ${files === 1 ? 'file' : 'files'} (${[...formats].sort().join(', ')})${badLines(traffic)}`;
}

const badLines = ({ bad, firstBad }: Traffic): string =>
  bad === 0 ? '' : `; ${bad.toLocaleString('en-US')} lines of no known format, the first: ${firstBad}`;

const utc = (second: number): string => new Date(second * 1000).toISOString().replace('.000', '');

/** The times of all requests in their order, seconds since the start, evenly within each step. */
export function* arrivalTimes({ stepSeconds, rates }: Arrivals): Generator<number> {
  let due = 0.5; // rounds, so that every step has its requests in its middle
  for (const [step, rate] of rates.entries()) {
    const perStep = rate * stepSeconds;
    const before = due;
    due += perStep;
    for (let n = Math.floor(before) + 1; n <= due; n++) yield (step + (n - before) / perStep) * stepSeconds;
  }
}
