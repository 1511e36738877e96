// Reads the stack's config from Pulumi: the only place where the program uses pulumi.Config.
import * as pulumi from '@pulumi/pulumi';
import { ConfigError } from '../../config/errors.ts';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { configKeys, type StackConfig } from '../../config/schema.ts';
import { configWarnings } from '../../config/warnings.ts';

/** Secret keys that are set in clear, and what to do about them. */
const secretsInClear = (raw: RawConfig, isSecret: (key: string) => boolean) =>
  configKeys
    .filter(({ key, secret }) => secret && raw[key] !== undefined && !isSecret(key))
    .map(({ key }) => ({ key, message: `is a secret in clear; set it again: pulumi config set --secret ${key}` }));

/** Pulumi lists the encrypted keys in the environment. Its SDK has no function that tells them. */
function isEncrypted(key: string): boolean {
  const keys: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? '[]');
  return Array.isArray(keys) && keys.includes(key);
}

/** Shows what works and is probably not meant. */
function warned(config: StackConfig): StackConfig {
  for (const { key, message } of configWarnings(config)) void pulumi.log.warn(`${key}: ${message}`);
  return config;
}

/**
 * The config of the stack, complete and checked.
 *
 * @param raw every key and value, as Pulumi knows them
 * @param isSecret whether the key is encrypted in the stack file
 * @throws ConfigError with all problems, before anything is created
 */
export function readConfig(
  raw: RawConfig = pulumi.runtime.allConfig(),
  isSecret: (key: string) => boolean = isEncrypted,
): StackConfig {
  const where = `Pulumi.${pulumi.getStack()}.yaml`;
  const inClear = secretsInClear(raw, isSecret);
  if (inClear.length === 0) return warned(parseStackConfig(raw, where));
  try {
    parseStackConfig(raw, where);
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError([...inClear, ...error.problems], where);
    throw error;
  }
  throw new ConfigError(inClear, where);
}
