// The consumer's settings. config/schema/ says what each means and what its default is.
import { z } from 'zod';
import {
  commonSettings,
  integer,
  number,
  queueSettings,
  storeSettings,
  withQueue,
  withStore,
} from '../shared/settings.ts';
import { tracingSettings } from '../shared/tracing/create.ts';

export const consumerSettings = withQueue(
  withStore(
    z.object({
      ...commonSettings,
      ...queueSettings,
      ...storeSettings,
      ...tracingSettings,
      CONSUMER_BATCH_SIZE: integer(1),
      CONSUMER_BATCH_BYTES: integer(1),
      CONSUMER_FLUSH_INTERVAL_MS: integer(1),
      CONSUMER_WORK_MS: number(0),
      MONGO_WRITES_PER_SECOND: integer(0),
      CACHE_TTL_SECONDS: integer(1),
      /** Used with QUEUE_KIND=kafka: how long stored records stay. */
      KAFKA_RETENTION_HOURS: integer(1).optional(),
      /** Used with QUEUE_KIND=kafka: how much of a partition they take at most. */
      KAFKA_RETENTION_MIB: integer(1).optional(),
    }),
  ),
  'KAFKA_RETENTION_HOURS',
  'KAFKA_RETENTION_MIB',
);
