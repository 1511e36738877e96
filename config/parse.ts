// Turns raw config, wherever it was read, into a StackConfig, or reports everything that is wrong
// with it.
import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { ConfigError, type ConfigProblem } from './errors.ts';
import { withManaged } from './managed.ts';
import { checkRules } from './rules.ts';
import { configKeys, type StackConfig, stackSchema } from './schema.ts';

/** Raw config: `{ 'api:replicas': '5', 'cluster:sysctls': { 'net.core.somaxconn': 65535 } }`. */
export type RawConfig = Readonly<Record<string, unknown>>;

/** Namespaces of Pulumi and of the providers that the program uses. Their keys are ignored. */
export const FOREIGN: ReadonlySet<string> = new Set([
  'pulumi',
  'kubernetes',
  'aws-native',
  'docker',
  'docker-build',
  'random',
  'command',
]);

const byKey = new Map(configKeys.map((entry) => [entry.key, entry]));

/** Whether the key belongs to Pulumi or a provider. */
export const isForeign = (key: string): boolean => FOREIGN.has(key.slice(0, Math.max(0, key.indexOf(':'))));

/**
 * How far a key is from a valid one. A wrong or missing namespace in front of the right name counts
 * little.
 */
function distanceBetween(key: string, valid: { readonly key: string; readonly name: string }): number {
  const name = key.slice(key.lastIndexOf(':') + 1);
  const whole = distance(key.toLowerCase(), valid.key.toLowerCase());
  return Math.min(whole, distance(name.toLowerCase(), valid.name.toLowerCase()) + 2);
}

/** The valid keys that are nearest to `key`: one, or up to three that are equally near. */
function nearestKeys(key: string): readonly string[] {
  const distances = configKeys.map((valid) => distanceBetween(key, valid));
  const least = Math.min(...distances);
  return configKeys
    .filter((_, index) => distances[index] === least)
    .slice(0, 3)
    .map((valid) => valid.key);
}

function unknownKeys(raw: RawConfig): ConfigProblem[] {
  const unknown = Object.keys(raw).filter((key) => !isForeign(key) && !byKey.has(key));
  return unknown.map((key) => ({ key, message: `is not a key; did you mean ${nearestKeys(key).join(' or ')}?` }));
}

/** Groups the known keys by namespace, as the schema expects them. */
function nested(raw: RawConfig): Record<string, Record<string, unknown>> {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const namespace of Object.keys(stackSchema.shape)) groups[namespace] = {};
  for (const { key, namespace, name } of configKeys) if (raw[key] !== undefined) groups[namespace]![name] = raw[key];
  return groups;
}

function describe(issue: z.core.$ZodIssue, raw: RawConfig): ConfigProblem {
  const [namespace, name, ...rest] = issue.path;
  const key = `${String(namespace)}:${String(name)}`;
  const entry = rest.length === 0 ? '' : `entry ${JSON.stringify(rest.map(String).join('.'))} `;
  const value = rest.reduce<unknown>((inner, step) => (inner as Record<PropertyKey, unknown>)?.[step], raw[key]);
  // Zod reports a map's key of the wrong format as an issue within the issue.
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const shown = issue.code === 'invalid_key' ? '' : `${JSON.stringify(value)} `;
  return { key, message: `${entry}${shown}${message}; allowed: ${byKey.get(key)?.allowed ?? 'see docs/config.md'}` };
}

/**
 * Checks raw config against the schema and the rules between keys, and fills in the defaults.
 *
 * Strings mean what they mean on the command line: "5" is 5 and "false" is false.
 *
 * @param where what was read, for the first line of the error
 * @throws ConfigError with every problem at once
 */
export function parseStackConfig(raw: RawConfig, where?: string): StackConfig {
  const parsed = stackSchema.safeParse(nested(raw));
  const wrong = parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, raw));
  const config = withManaged(parsed.success ? parsed.data : withoutWrong(raw, wrong));
  const broken = checkRules(config);
  // What a rule says of a wrong value is about its default.
  const others = broken.filter(({ key }) => !wrong.some((problem) => problem.key === key));
  const problems = [...unknownKeys(raw), ...wrong, ...others];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems, where);
  return config;
}

/**
 * The config with wrong values replaced by their defaults, so that rules between the right ones are
 * still checked.
 */
function withoutWrong(raw: RawConfig, wrong: readonly ConfigProblem[]): StackConfig {
  const bad = new Set(wrong.map((problem) => problem.key));
  const rest = Object.fromEntries(Object.entries(raw).filter(([key]) => !bad.has(key)));
  return stackSchema.parse(nested(rest));
}
