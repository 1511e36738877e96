// Turns raw config, from wherever it was read, into a StackConfig, or says everything that is wrong with it.
import type { z } from 'zod';
import { ConfigError, type ConfigProblem } from './errors.ts';
import { nearestKeys } from './nearest.ts';
import { checkRules } from './rules.ts';
import { configKeys, type StackConfig, stackSchema } from './schema.ts';

/** Raw config: `{ 'api:replicas': '5', 'cluster:sysctls': { 'net.core.somaxconn': 65535 } }`. */
export type RawConfig = Readonly<Record<string, unknown>>;

/** Namespaces that belong to Pulumi and the providers that the program uses; their keys are passed over. */
export const FOREIGN: ReadonlySet<string> = new Set([
  'pulumi',
  'kubernetes',
  'docker',
  'docker-build',
  'random',
  'command',
]);

const byKey = new Map(configKeys.map((entry) => [entry.key, entry]));

/** Whether the key is Pulumi's or a provider's rather than ours. */
export const isForeign = (key: string): boolean => FOREIGN.has(key.slice(0, Math.max(0, key.indexOf(':'))));

function unknownKeys(raw: RawConfig): ConfigProblem[] {
  const unknown = Object.keys(raw).filter((key) => !isForeign(key) && !byKey.has(key));
  return unknown.map((key) => ({ key, message: `is not a key; did you mean ${nearestKeys(key).join(' or ')}?` }));
}

/** Groups the known keys by namespace, as the schema wants them. */
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
  // A map's key of the wrong form is reported by zod as an issue within the issue.
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const shown = issue.code === 'invalid_key' ? '' : `${JSON.stringify(value)} `;
  return { key, message: `${entry}${shown}${message}; allowed: ${byKey.get(key)?.allowed ?? 'see docs/config.md'}` };
}

/**
 * Checks raw config against the schema and the rules between keys, and fills in the defaults.
 *
 * Strings are read as the command line means them: "5" is 5 and "false" is false.
 * @param where what was read, for the error's headline
 * @throws ConfigError with every problem at once
 */
export function parseStackConfig(raw: RawConfig, where?: string): StackConfig {
  const parsed = stackSchema.safeParse(nested(raw));
  const wrong = parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, raw));
  const problems = [
    ...unknownKeys(raw),
    ...wrong,
    ...checkRules(parsed.success ? parsed.data : withoutWrong(raw, wrong)),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems, where);
  return parsed.data;
}

/** The config with its wrong values left at their defaults, so that rules between the right ones are still checked. */
function withoutWrong(raw: RawConfig, wrong: readonly ConfigProblem[]): StackConfig {
  const bad = new Set(wrong.map((problem) => problem.key));
  const rest = Object.fromEntries(Object.entries(raw).filter(([key]) => !bad.has(key)));
  return stackSchema.parse(nested(rest));
}
