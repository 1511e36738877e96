// Reads the stack's config from Pulumi: the one place where the program meets pulumi.Config.
import * as pulumi from '@pulumi/pulumi';
import { ConfigError } from '../../config/errors.ts';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { configKeys, type StackConfig } from '../../config/schema.ts';

/** Secret keys that are set in clear, with what to do. */
const inClear = (raw: RawConfig, isSecret: (key: string) => boolean) =>
  configKeys
    .filter(({ key, secret }) => secret && raw[key] !== undefined && !isSecret(key))
    .map(({ key }) => ({ key, message: `is a secret in clear; set it again: pulumi config set --secret ${key}` }));

/** Pulumi tells the program in its environment which keys are encrypted; its SDK keeps the question to itself. */
function isEncrypted(key: string): boolean {
  const keys: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? '[]');
  return Array.isArray(keys) && keys.includes(key);
}

/**
 * The config of the stack, complete and checked.
 *
 * @param raw every key and value, as Pulumi knows them
 * @param isSecret whether the key is encrypted in the stack file
 * @throws ConfigError with everything that is wrong, before anything is created
 */
export function readConfig(
  raw: RawConfig = pulumi.runtime.allConfig(),
  isSecret: (key: string) => boolean = isEncrypted,
): StackConfig {
  const where = `Pulumi.${pulumi.getStack()}.yaml`;
  const clear = inClear(raw, isSecret);
  if (clear.length === 0) return parseStackConfig(raw, where);
  try {
    parseStackConfig(raw, where);
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError([...clear, ...error.problems], where);
    throw error;
  }
  throw new ConfigError(clear, where);
}
