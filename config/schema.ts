// The one schema of the stack config: Pulumi's program, the local run and the table in the docs are made from it.
import { z } from 'zod';
import { type KeyMeta, keyMeta } from './keys.ts';
import {
  apiSchema,
  chartsSchema,
  consumerSchema,
  hpaSchema,
  imagesSchema,
  kedaSchema,
  loggingSchema,
  producerSchema,
} from './schema/apps.ts';
import { clusterSchema } from './schema/cluster.ts';
import { consoleSchema } from './schema/console.ts';
import { monitoringSchema } from './schema/monitoring.ts';
import { gateSchema, kafkaSchema, mongoSchema, queueSchema, redisSchema } from './schema/servers.ts';

/** The whole stack config: a namespace a component, in the order of the diagram. */
export const stackSchema = z.object({
  cluster: clusterSchema,
  api: apiSchema,
  hpa: hpaSchema,
  queue: queueSchema,
  kafka: kafkaSchema,
  redis: redisSchema,
  keda: kedaSchema,
  consumer: consumerSchema,
  mongo: mongoSchema,
  gate: gateSchema,
  producer: producerSchema,
  console: consoleSchema,
  logging: loggingSchema,
  monitoring: monitoringSchema,
  images: imagesSchema,
  charts: chartsSchema,
});

/** A stack's config: every key has a value that is in range and goes with the others. */
export type StackConfig = z.output<typeof stackSchema>;

/** One key of the schema with all it says about itself. */
export interface ConfigKey extends KeyMeta {
  /** As it is set: `api:replicas`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
}

/** Every key, in the schema's order. */
export const configKeys: readonly ConfigKey[] = Object.entries(stackSchema.shape).flatMap(([namespace, schema]) =>
  Object.entries<z.ZodType>(schema.shape).map(([name, key]) => {
    const meta = keyMeta.get(key);
    if (meta === undefined) throw new Error(`${namespace}:${name} has no description: make it with config/keys.ts`);
    return { key: `${namespace}:${name}`, namespace, name, ...meta };
  }),
);
