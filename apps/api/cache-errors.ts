import type { Logger } from '../shared/logger.ts';
import type { ApiMetrics } from './metrics.ts';

/** Counts the cache's errors. They cost a miss, never the request. */
export const countCacheErrors =
  (metrics: ApiMetrics, logger: Logger) =>
  (error: Error): void => {
    metrics.cacheErrors.inc();
    logger.debug({ err: error.message }, 'the cache failed');
  };
