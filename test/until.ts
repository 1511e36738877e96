// Waiting for a condition, which is what tests do instead of sleeping.
import { type Falsy, waitFor } from '../tooling/poll.ts';

/**
 * Resolves as soon as `condition` gives something true, and with it.
 *
 * @throws what the condition throws; an error with its source when it does not hold within
 * `timeoutMs` (default 20 s)
 */
export const until = <T>(condition: () => T | Promise<T>, timeoutMs = 20_000): Promise<Exclude<T, Falsy>> =>
  waitFor(String(condition), condition, { within: timeoutMs / 1000, everyMs: 10, onError: 'throw' });
