// The consumer's settings. config/schema/ says what each means and what its default is.
import { z } from 'zod';
import { commonSettings, integer, mongoSettings, number, queueSettings, withQueue } from '../shared/settings.ts';

export const consumerSettings = withQueue(
  z.object({
    ...commonSettings,
    ...queueSettings,
    ...mongoSettings,
    CONSUMER_BATCH_SIZE: integer(1),
    CONSUMER_BATCH_BYTES: integer(1),
    CONSUMER_FLUSH_INTERVAL_MS: integer(1),
    CONSUMER_WORK_MS: number(0),
    MONGO_WRITES_PER_SECOND: integer(0),
    CACHE_TTL_SECONDS: integer(1),
  }),
);
