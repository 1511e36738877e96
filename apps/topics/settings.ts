// What the topics app is told by its environment.
import { z } from 'zod';
import { integer, kafkaLoginSettings, list } from '../shared/settings.ts';

const topic = z.strictObject({
  name: z.string().min(1),
  partitions: z.number().int().min(1),
  replicationFactor: z.number().int().min(1).max(32_767),
  config: z.record(z.string(), z.coerce.string()).default({}),
});

const clusterSettings = {
  KAFKA_BROKERS: list,
  ...kafkaLoginSettings,
  /** How long to wait for the brokers that are to hold replicas, seconds. */
  BROKERS_TIMEOUT_SECONDS: integer(0).default(60),
  /** How long partitions may be on the move, seconds. */
  MOVES_TIMEOUT_SECONDS: integer(1).default(1_800),
};

/** With `--empty`. */
export const emptySettings = z.object({
  ...clusterSettings,
  /** Brokers that stay: those with ids below it. */
  BROKER_COUNT: integer(1),
});

export const topicsSettings = z.object({
  ...clusterSettings,
  /** JSON: [{"name":"posts","partitions":3,"replicationFactor":3,"config":{"retention.ms":"604800000"}}]. */
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
  /** Brokers of the cluster: replicas lie on ids below it, and what is on others moves off. Not set: on whoever is there. */
  BROKER_COUNT: integer(1).optional(),
});
