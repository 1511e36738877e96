// The consumer's settings.
import { z } from 'zod';
import { commonSettings, integer, mongoSettings, queueSettings } from '../shared/settings.ts';

export const consumerSettings = z.object({
  ...commonSettings,
  ...queueSettings,
  ...mongoSettings,
  /** Records in a batch, at most. */
  CONSUMER_BATCH_SIZE: integer(1, 100_000).default(2_000),
  /** Bytes of records in a batch, at most. */
  CONSUMER_BATCH_BYTES: integer(1_024).default(4 * 1024 * 1024),
  /** How long the first record of a batch waits for more, milliseconds. */
  CONSUMER_FLUSH_INTERVAL_MS: integer(1, 60_000).default(200),
  /** Work that each record costs beyond storing it, milliseconds; 0 in earnest, more to show scaling. */
  CONSUMER_WORK_MS: z.coerce.number().min(0).max(60_000).default(0),
  /** Write commands a second, all consumers together; 0 = no limit. */
  MONGO_WRITES_PER_SECOND: integer(0).default(80),
  /** How long a record stays cached once it is stored, seconds. */
  CACHE_TTL_SECONDS: integer(1).default(600),
});

export type ConsumerSettings = z.infer<typeof consumerSettings>;
