// The JSON schema of the stack files, made from the config schema. Editors complete keys with it,
// and flag the errors that a schema can express; rules between keys are left to the program.
import toRegexRange from 'to-regex-range';
import { z } from 'zod';
import { NUMBER } from './keys.ts';
import { FOREIGN } from './parse.ts';
import { type ConfigKey, configKeys, stackSchema } from './schema.ts';

/** A JSON schema, draft 7: the newest one that YAML editors support in full. */
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Where the schema is, from the root of the repository. */
export const SCHEMA_FILE = 'config/stack.schema.json';

/** First line of every stack file. Pulumi keeps it when it rewrites the file. */
export const SCHEMA_COMMENT = `# yaml-language-server: $schema=${SCHEMA_FILE}`;

/** What Pulumi stores for a secret. */
const ENCRYPTED: JsonSchema = {
  type: 'object',
  properties: { secure: { type: 'string' } },
  required: ['secure'],
  additionalProperties: false,
};

/**
 * A number, or the string that `pulumi config set` makes of it, for every number of the file. The
 * range of a whole number holds for the string as well, as a pattern.
 */
function numberSchema(type: 'integer' | 'number', { min, max, or }: NonNullable<ConfigKey['range']>): JsonSchema {
  const digits = [...(or === undefined ? [] : [String(or)]), toRegexRange(min, max)].join('|');
  const inRange: JsonSchema = {
    type: [type, 'string'] as never,
    minimum: min,
    maximum: max,
    pattern: type === 'integer' ? `^(${digits})$` : NUMBER.source,
  };
  return or === undefined ? inRange : { anyOf: [{ const: or }, inRange] };
}

/** What the value of a key may look like in a stack file. */
function valueSchema({ secret, range }: ConfigKey, parsed: JsonSchema): JsonSchema {
  if (secret) return ENCRYPTED;
  if (range) return numberSchema(parsed.type as 'integer' | 'number', range);
  const { type, enum: words, pattern, propertyNames } = parsed;
  switch (type) {
    case 'boolean':
      return { type: ['boolean', 'string'] as never, pattern: '^(true|false)$' };
    case 'object':
      // As a string, a map is JSON.
      return {
        type: ['object', 'string'] as never,
        propertyNames,
        additionalProperties: { type: ['string', 'number'] as never },
        pattern: '^\\s*\\{',
      };
    default:
      return { type, ...(words && { enum: words }), ...(pattern !== undefined && { pattern }) };
  }
}

function keySchema(key: ConfigKey): JsonSchema {
  const schema: z.ZodType = stackSchema.shape[key.namespace as keyof typeof stackSchema.shape].shape[key.name as never];
  // Values as the program sees them, after strings became numbers and booleans.
  const parsed = z.toJSONSchema(schema, { target: 'draft-7', io: 'output', unrepresentable: 'any' });
  return {
    description: `${key.description}\n\nAllowed: ${key.allowed}.\n\nA change: ${key.change}`,
    ...(parsed.default !== undefined && { default: parsed.default }),
    ...valueSchema(key, parsed),
  };
}

/** The JSON schema of `Pulumi.<stack>.yaml`. */
export const stackFileSchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Config of a Breakwater stack',
  type: 'object',
  properties: {
    config: {
      type: 'object',
      properties: Object.fromEntries(configKeys.map((key) => [key.key, keySchema(key)])),
      patternProperties: { [`^(${[...FOREIGN].join('|')}):`]: {} },
      additionalProperties: false,
    },
    // Pulumi's own.
    secretsprovider: { type: 'string' },
    encryptedkey: { type: 'string' },
    encryptionsalt: { type: 'string' },
    environment: {},
  },
  additionalProperties: false,
});

/** The schema as the text of its file. */
export const schemaText = (): string => `${JSON.stringify(stackFileSchema(), undefined, 2)}\n`;
