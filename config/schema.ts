// The schema of the stack config. Pulumi's program, the local run, the JSON schema for editors and
// the table in docs/config.md are all made from it.
import { z } from 'zod';
import { type KeyMeta, keyMeta } from './keys.ts';
import { apiSchema, hpaSchema } from './schema/api.ts';
import { awsSchema } from './schema/aws.ts';
import { backupSchema } from './schema/backup.ts';
import { chartsSchema, clusterSchema, imagesSchema } from './schema/cluster.ts';
import { consoleSchema, loggingSchema, monitoringSchema } from './schema/monitoring.ts';
import { gateSchema, kafkaSchema, mongoSchema, queueSchema, redisSchema, sqsSchema } from './schema/servers.ts';
import { ssoSchema } from './schema/sso.ts';
import { dynamodbSchema, mysqlSchema, storeSchema } from './schema/store.ts';
import { tracingSchema } from './schema/tracing.ts';
import { consumerSchema, kedaSchema, producerSchema } from './schema/workers.ts';

/** The stack config: one namespace per component, in the order of the diagram. */
export const stackSchema = z.object({
  cluster: clusterSchema,
  aws: awsSchema,
  api: apiSchema,
  hpa: hpaSchema,
  queue: queueSchema,
  kafka: kafkaSchema,
  sqs: sqsSchema,
  redis: redisSchema,
  keda: kedaSchema,
  consumer: consumerSchema,
  store: storeSchema,
  mongo: mongoSchema,
  gate: gateSchema,
  mysql: mysqlSchema,
  dynamodb: dynamodbSchema,
  backup: backupSchema,
  producer: producerSchema,
  console: consoleSchema,
  logging: loggingSchema,
  monitoring: monitoringSchema,
  tracing: tracingSchema,
  sso: ssoSchema,
  images: imagesSchema,
  charts: chartsSchema,
});

/** The config of a stack: every key has a value that is in range and works with the others. */
export type StackConfig = z.output<typeof stackSchema>;

/** One key of the schema, with its description. */
export interface ConfigKey extends KeyMeta {
  /** The key as it is set: `api:replicas`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
}

/** Every key, in the schema's order. */
export const configKeys: readonly ConfigKey[] = Object.entries(stackSchema.shape).flatMap(([namespace, schema]) =>
  Object.entries<z.ZodType>(schema.shape).map(([name, key]) => {
    const meta = keyMeta.get(key);
    if (meta === undefined) throw new Error(`${namespace}:${name} has no description: declare it with config/keys.ts`);
    return { key: `${namespace}:${name}`, namespace, name, ...meta };
  }),
);
