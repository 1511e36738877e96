// The system's statistics, as the API reports them.
import { getJson } from './http.ts';

/** The answer of GET /api/stats. null: unknown to the API. */
export interface Stats {
  readonly total_documents: number | null;
  readonly accepted: number | null;
  readonly lag: number | null;
  readonly deadLetters: number | null;
  readonly cacheHitRatio: number | null;
  readonly mongoOperationsPerSecond: number | null;
  /** Age of the oldest number, milliseconds. */
  readonly age_ms: number | null;
}

/**
 * @param host host name by which an ingress routes to the target
 * @param timeoutMs default 3,000
 * @throws when there is no valid answer
 */
export async function fetchStats(target: string, host?: string, timeoutMs = 3_000): Promise<Stats> {
  const body = (await getJson(new URL('/api/stats', target), { host, timeoutMs })) as Partial<Stats>;
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return {
    total_documents: number(body.total_documents),
    accepted: number(body.accepted),
    lag: number(body.lag),
    deadLetters: number(body.deadLetters),
    cacheHitRatio: number(body.cacheHitRatio),
    mongoOperationsPerSecond: number(body.mongoOperationsPerSecond),
    age_ms: number(body.age_ms),
  };
}
