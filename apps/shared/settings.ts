// Settings: the one place where an app turns its environment into typed values.
//
// An app requires its variables and has no defaults: config/environment.ts gives it all of them,
// from the stack config, whose schema (config/schema/) has the defaults and the ranges. A setting
// checks what the app itself cannot work without: the type, and a bound where a value beyond it
// would break the app. Optional are secrets, and variables whose absence means something.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The environment is wrong; `message` lists every problem, one a line. */
export class SettingsError extends Error {
  readonly code = 'BAD_SETTINGS';
  override readonly name = 'SettingsError';
}

/** Environment variables by name. */
export type Variables = Readonly<globalThis.Record<string, string | undefined>>;

/**
 * Reads settings from an environment.
 *
 * The schema's keys are the names of the variables. An empty variable counts as not set. A variable
 * `X` may come from a file instead, named by `X_FILE` (how Kubernetes mounts secrets); a trailing
 * line break is dropped.
 *
 * @throws SettingsError with all problems at once
 */
export function loadSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Variables,
): z.infer<z.ZodObject<Shape>> {
  const raw: globalThis.Record<string, string> = {};
  const problems: string[] = [];
  for (const name of Object.keys(schema.shape)) {
    const file = env[`${name}_FILE`];
    const value = env[name];
    if (file !== undefined) {
      try {
        raw[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      } catch (cause) {
        problems.push(`${name}_FILE: cannot read ${file}: ${(cause as Error).message}`);
      }
    } else if (value !== undefined && value !== '') raw[name] = value;
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = issue.path.join('.');
      if (problems.some((problem) => problem.startsWith(`${name}_FILE`))) continue;
      const isMissing = raw[name] === undefined && issue.code !== 'custom';
      problems.push(isMissing ? `${name}: is required and not set` : `${name}: ${issue.message}`);
    }
  }
  if (problems.length > 0 || !parsed.success) throw new SettingsError(`Bad settings:\n  ${problems.join('\n  ')}`);
  return parsed.data;
}

/** A number from `min` on. */
export const number = (min: number) =>
  z.coerce.number({ error: 'must be a number' }).min(min, `must be at least ${min}`);

/** A whole number between `min` and `max`, inclusive. */
export const integer = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  number(min).int('must be a whole number').max(max, `must be at most ${max}`);

/** A TCP port; 0 takes a free one. */
export const port = integer(0, 65_535);

/** A text that is not empty. */
export const text = z.string().min(1);

/** A comma-separated list with at least one entry. */
export const list = z
  .string()
  .transform((entries) =>
    entries
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  )
  .refine((entries) => entries.length > 0, 'must name at least one entry');

/** A switch. */
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** Settings of every app with a metrics server. */
export const commonSettings = {
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  /** The metrics server also answers /healthz and /readyz. */
  METRICS_PORT: port,
  METRICS_HOST: text,
};

/** How to reach Kafka. */
export const kafkaSettings = {
  KAFKA_BROKERS: list,
  KAFKA_SASL_MECHANISM: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
  /** The brokers' certificate must come from an authority that Node knows. */
  KAFKA_TLS: flag,
  /** Absent, with the password, where Kafka requires none. */
  KAFKA_USERNAME: text.optional(),
  KAFKA_PASSWORD: text.optional(),
};

export const queueKind = z.enum(['kafka', 'redis-streams', 'sqs']);

/** Settings of the apps that use the queue; `withQueue` adds what holds between them. */
export const queueSettings = {
  QUEUE_KIND: queueKind,
  QUEUE_NAME: text,
  QUEUE_GROUP: text,
  QUEUE_MAX_LENGTH: integer(1),
  QUEUE_MAX_BYTES: integer(1),
  ...z.object(kafkaSettings).partial().shape,
  /** With the region, required with QUEUE_KIND=sqs. */
  SQS_QUEUE_URL: z.url().optional(),
  SQS_REGION: text.optional(),
  SQS_ENDPOINT: z.url().optional(),
  REDIS_URL: text,
  REDIS_PASSWORD: text.optional(),
  REDIS_WAIT_REPLICAS: integer(0).optional(),
};

/**
 * With `QUEUE_KIND=kafka`, the settings that say how to reach Kafka are required as well.
 *
 * @param more further settings of the app that are required then
 */
export const withQueue = <Schema extends z.ZodObject<typeof queueSettings>>(
  schema: Schema,
  ...more: (keyof z.infer<Schema> & string)[]
): Schema =>
  requireWith(schema, 'QUEUE_KIND', 'kafka', ['KAFKA_BROKERS', 'KAFKA_SASL_MECHANISM', 'KAFKA_TLS', ...more]);

/** Requires settings when another one has a certain value. */
function requireWith<Schema extends z.ZodObject>(
  schema: Schema,
  kind: string,
  value: string,
  names: readonly string[],
): Schema {
  return names.reduce(
    (all, name) =>
      all.refine((settings) => settings[kind] !== value || settings[name] !== undefined, {
        path: [name],
        error: `is required with ${kind}=${value} and not set`,
        when: () => true, // also beside other problems, so that all are reported at once
      }),
    schema,
  );
}

/** Settings of the apps that use MongoDB. */
export const mongoSettings = {
  MONGO_URL: text,
  MONGO_USERNAME: text.optional(),
  MONGO_PASSWORD: text.optional(),
};

/** What holds the stored records. */
export const storeKind = z.enum(['mongo', 'mysql', 'dynamodb']);

/** Settings of the apps that use the store; `withStore` adds what holds between them. */
export const storeSettings = {
  STORE_KIND: storeKind,
  ...z.object(mongoSettings).partial().shape,
  MYSQL_URL: text.optional(),
  /** Absent where all reads go to the primary. */
  MYSQL_READER_URL: text.optional(),
  MYSQL_USERNAME: text.optional(),
  MYSQL_PASSWORD: text.optional(),
  MYSQL_TLS: flag.optional(),
  DYNAMODB_TABLE: text.optional(),
  DYNAMODB_REGION: text.optional(),
  /** Absent for DynamoDB itself. */
  DYNAMODB_ENDPOINT: text.optional(),
};

/** What each kind of store requires. */
const STORES = {
  mongo: ['MONGO_URL'],
  mysql: ['MYSQL_URL', 'MYSQL_TLS'],
  dynamodb: ['DYNAMODB_TABLE', 'DYNAMODB_REGION'],
} as const;

/** The settings that say how to reach the store are required for its kind. */
export const withStore = <Schema extends z.ZodObject<typeof storeSettings>>(schema: Schema): Schema =>
  Object.entries(STORES).reduce((all, [kind, names]) => requireWith(all, 'STORE_KIND', kind, names), schema);
