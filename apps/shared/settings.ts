// Settings: the one place where an app turns its environment into typed values.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The environment is wrong; `message` lists every problem, one a line. */
export class SettingsError extends Error {
  readonly code = 'BAD_SETTINGS';
  override readonly name = 'SettingsError';
}

/**
 * Reads a settings object out of an environment.
 *
 * Keys of the schema are the variables' names. A variable `X` may come from a file instead, named by `X_FILE`
 * (how Kubernetes mounts secrets); a trailing line break is dropped.
 * @throws SettingsError with all problems at once.
 */
export function loadSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Readonly<globalThis.Record<string, string | undefined>>,
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
      problems.push(raw[name] === undefined ? `${name}: is required and not set` : `${name}: ${issue.message}`);
    }
  }
  if (problems.length > 0 || !parsed.success) throw new SettingsError(`Bad settings:\n  ${problems.join('\n  ')}`);
  return parsed.data;
}

/** A whole number between `min` and `max`, inclusive. */
export const integer = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z.coerce.number().int().min(min).max(max);

/** A TCP port; 0 takes a free one. */
export const port = integer(0, 65_535);

/** A comma-separated list with at least one entry. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .refine((parts) => parts.length > 0, 'must name at least one entry');

/** A switch. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** What every app understands. */
export const commonSettings = {
  /** Least severe level that is logged. */
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Port of the metrics server; it also answers /healthz and /readyz. */
  METRICS_PORT: port.default(9464),
  /** Address that the metrics server listens on. */
  METRICS_HOST: z.string().default('0.0.0.0'),
};

/** How clients present themselves to Kafka. */
export const kafkaLoginSettings = {
  /** Together with the password, or not at all: then Kafka asks for none. */
  KAFKA_USERNAME: z.string().optional(),
  KAFKA_PASSWORD: z.string().optional(),
  /** How the password is checked. */
  KAFKA_SASL_MECHANISM: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).default('PLAIN'),
  /** Whether the brokers are reached over TLS; their certificate must come from an authority that Node knows. */
  KAFKA_TLS: flag.default(false),
};

/** What the apps that use the queue understand. */
export const queueSettings = {
  QUEUE_KIND: z.enum(['kafka', 'redis-streams']),
  /** The topic or the stream; its dead letters are in `<name>.dlq`. */
  QUEUE_NAME: z.string().min(1).default('posts'),
  /** The consumer group. */
  QUEUE_GROUP: z.string().min(1).default('store'),
  /** Records that the queue may hold before new ones are refused. */
  QUEUE_MAX_LENGTH: integer(1).default(1_000_000),
  KAFKA_BROKERS: list.optional(),
  ...kafkaLoginSettings,
  REDIS_URL: z.string().default('redis://127.0.0.1:6379'),
  REDIS_PASSWORD: z.string().optional(),
};

/** What the apps that use MongoDB understand. */
export const mongoSettings = {
  /** Address and database; in production it leads through the gate. */
  MONGO_URL: z.string().default('mongodb://127.0.0.1:27018/breakwater'),
  MONGO_USERNAME: z.string().optional(),
  MONGO_PASSWORD: z.string().optional(),
};
