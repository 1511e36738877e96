// Reads the config of a stack from its file, Pulumi.<stack>.yaml, for the local run. Pulumi itself
// reads the same file.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { ConfigError, type ConfigProblem } from './errors.ts';
import { isForeign, parseStackConfig, type RawConfig } from './parse.ts';
import { configKeys, type StackConfig } from './schema.ts';

/** The stack that is used unless another one is named. */
export const DEFAULT_STACK = 'dev';

const STACK_FILE = /^Pulumi\.([A-Za-z0-9_-]+)\.yaml$/;

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The stacks that have a file in the directory, sorted. */
export function stackNames(directory: string): readonly string[] {
  return readdirSync(directory)
    .flatMap((file) => STACK_FILE.exec(file)?.[1] ?? [])
    .sort();
}

function readStackFile(stack: string, directory: string): string {
  const file = `Pulumi.${stack}.yaml`;
  const known = stackNames(directory);
  if (!known.includes(stack)) {
    const list = known.length === 0 ? 'there are none here' : `the stacks here are ${known.join(', ')}`;
    throw new ConfigError(
      [{ key: 'stack', message: `there is no ${file}; ${list}` }],
      `Stack ${JSON.stringify(stack)}`,
    );
  }
  return readFileSync(join(directory, file), 'utf8');
}

const secretKeys = new Set(configKeys.filter(({ secret }) => secret).map(({ key }) => key));

/**
 * The `config:` of a stack file as raw config. Only Pulumi can decrypt values. Those of secret keys
 * are left out, because they are for servers that the local run does not use; others are refused.
 */
function rawConfig(text: string, file: string): RawConfig {
  let document: unknown;
  try {
    document = parseYaml(text) ?? {};
  } catch (cause) {
    throw new ConfigError([{ key: 'file', message: `is not YAML: ${(cause as Error).message}` }], file, { cause });
  }
  const config = isMap(document) ? (document.config ?? {}) : undefined;
  if (!isMap(config))
    throw new ConfigError([{ key: 'config', message: 'is not a map; write keys as "api:replicas: 5" below it' }], file);
  const raw = Object.fromEntries(Object.entries(config).filter(([key]) => !isForeign(key) && !secretKeys.has(key)));
  const encrypted: ConfigProblem[] = Object.entries(raw)
    .filter(([, value]) => isMap(value) && 'secure' in value)
    .map(([key]) => ({
      key,
      message: 'is encrypted, but is no secret; set it again without --secret',
    }));
  if (encrypted.length > 0) throw new ConfigError(encrypted, file);
  return raw;
}

/** The key and value of `images:digests=false`, from a command line. Undefined: it is no such pair. */
export function configPair(text: string): readonly [key: string, value: string] | undefined {
  const [, key, value] = /^([a-z]+:[^=]+)=(.*)$/is.exec(text) ?? [];
  return key === undefined ? undefined : [key, value!];
}

/**
 * Reads the config of a stack from `Pulumi.<stack>.yaml`.
 *
 * @param directory the folder of the stack files
 * @param overrides raw config that takes precedence over the file, for options of the command line
 * @throws ConfigError when the file is missing or not YAML, or with every problem in it
 */
export function loadStackConfig(stack: string, directory: string, overrides: RawConfig = {}): StackConfig {
  const file = `Pulumi.${stack}.yaml`;
  return parseStackConfig({ ...rawConfig(readStackFile(stack, directory), file), ...overrides }, file);
}
