// How dense events lie.

/** The most events in any window of one second (not only in those of the clock). @param times milliseconds, ascending */
export function mostInASecond(times: readonly number[]): number {
  let most = 0;
  let from = 0;
  for (const [i, time] of times.entries()) {
    while (time - times[from]! >= 1_000) from++;
    most = Math.max(most, i - from + 1);
  }
  return most;
}
