// The topics job's settings.
import { z } from 'zod';
import { integer, kafkaSettings } from '../shared/settings.ts';

const topic = z.strictObject({
  name: z.string().min(1),
  partitions: z.number().int().min(1),
  replicationFactor: z.number().int().min(1).max(32_767),
  config: z.record(z.string(), z.coerce.string()),
});

const clusterSettings = {
  ...kafkaSettings,
  /** How long to wait for the brokers that are to hold replicas. */
  BROKERS_TIMEOUT_SECONDS: integer(0),
  /** How long replicas may take to move to other brokers. */
  MOVES_TIMEOUT_SECONDS: integer(1),
};

/** With `--empty`, which drains brokers. */
export const emptySettings = z.object({
  ...clusterSettings,
  /** Brokers that stay: those with ids below this number. */
  BROKER_COUNT: integer(1),
});

export const topicsSettings = z.object({
  ...clusterSettings,
  /**
   * JSON:
   * [{"name":"posts","partitions":3,"replicationFactor":3,"config":{"retention.ms":"604800000"}}].
   */
  TOPICS: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        context.addIssue({ code: 'custom', message: `is not JSON: ${(error as Error).message}` });
        return z.NEVER;
      }
    })
    .pipe(z.array(topic).min(1)),
  /**
   * Replicas are placed on brokers with ids below this number and moved off the others. Absent with
   * an external Kafka: then they are placed on every broker that is registered.
   */
  BROKER_COUNT: integer(1).optional(),
});
