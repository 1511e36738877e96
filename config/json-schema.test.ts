// The JSON schema of the stack files: up to date, true to every stack file, and of one mind with
// the program on what is wrong.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse as parseYaml } from 'yaml';
import { SCHEMA_COMMENT, SCHEMA_FILE, schemaText, stackFileSchema } from './json-schema.ts';
import { stackNames } from './load.ts';
import { parseStackConfig } from './parse.ts';
import { configKeys } from './schema.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(stackFileSchema());

/** What is wrong with a stack file: where, and the keyword that it violates. */
function errorsOf(document: unknown): readonly string[] {
  if (validate(document)) return [];
  return (validate.errors ?? []).map(({ instancePath, keyword, params }) =>
    [instancePath.replace('/config/', ''), keyword, params.additionalProperty].filter(Boolean).join(' '),
  );
}
const errorsIn = (config: Record<string, unknown>) => errorsOf({ config });

test(`${SCHEMA_FILE} is up to date (npm run docs:config)`, () => {
  expect(read(SCHEMA_FILE)).toBe(schemaText());
});

describe.each(stackNames(root).map((stack) => `Pulumi.${stack}.yaml`))('%s', (file) => {
  test('names the schema in its first line', () => {
    expect(read(file).split('\n', 1)).toEqual([SCHEMA_COMMENT]);
  });

  test('is valid', () => {
    expect(errorsOf(parseYaml(read(file)))).toEqual([]);
  });
});

test.each<[string, Record<string, unknown>, readonly string[]]>([
  ['a misspelt key', { 'api:replcas': 3 }, ['/config additionalProperties api:replcas']],
  ['a value above the range', { 'api:replicas': 101 }, ['api:replicas maximum']],
  ['a value below the range', { 'kafka:partitions': 0 }, ['kafka:partitions minimum']],
  ['a fraction', { 'api:replicas': 1.5 }, ['api:replicas type']],
  ['a word for a number', { 'api:replicas': 'many' }, ['api:replicas pattern']],
  ['a value out of range that pulumi config set wrote', { 'api:replicas': '101' }, ['api:replicas pattern']],
  ['a word that is not in the list', { 'queue:kind': 'rabbit' }, ['queue:kind enum']],
  ['a number for a switch', { 'hpa:enabled': 1 }, ['hpa:enabled type']],
  ['a text of the wrong form', { 'cluster:namespace': 'Not valid' }, ['cluster:namespace pattern']],
  ['a list for a map', { 'cluster:sysctls': [] }, ['cluster:sysctls type']],
  ['a secret in clear', { 'console:password': 'hunter2' }, ['console:password type']],
])('refuses %s', (_what, config, errors) => {
  expect(errorsIn(config)).toEqual(errors);
});

test('refuses a misspelt section', () => {
  expect(errorsOf({ confg: {} })).toEqual(['additionalProperties confg']);
});

test.each<[string, Record<string, unknown>]>([
  ['strings, which is what pulumi config set writes', { 'api:replicas': '5', 'hpa:enabled': 'false' }],
  ['a map as JSON', { 'cluster:sysctls': '{"net.core.somaxconn": "65535"}' }],
  ['an encrypted secret', { 'console:password': { secure: 'v1:abc' } }],
  ["Pulumi's own keys and a provider's", { 'pulumi:disable-default-providers': ['*'], 'docker:host': 'x' }],
])('accepts %s', (_what, config) => {
  expect(errorsIn(config)).toEqual([]);
});

test("accepts Pulumi's encryption settings, and a file without config", () => {
  expect(errorsOf({ encryptionsalt: 'v1:abc', secretsprovider: 'passphrase' })).toEqual([]);
});

describe('the schema and the program agree on', () => {
  /** Whether the program finds something wrong with the value itself. */
  const refuses = (key: string, value: unknown): boolean => {
    try {
      parseStackConfig({ [key]: value });
      return false;
    } catch (error) {
      return (error as Error).message.includes(`${key}: ${JSON.stringify(value)} is out of range`);
    }
  };
  const numbers = configKeys.filter(({ range }) => range !== undefined);

  test.each(numbers.map(({ key, range }) => [key, range!] as const))('the range of %s', (key, { min, max, or }) => {
    const allowed = [min, max, ...(or === undefined ? [] : [or])];
    const outside = [min - 1, max + 1].filter((value) => value !== or);
    for (const value of allowed)
      expect([value, errorsIn({ [key]: value }), refuses(key, value)]).toEqual([value, [], false]);
    for (const value of outside)
      expect([value, errorsIn({ [key]: value }).length > 0, refuses(key, value)]).toEqual([value, true, true]);
  });

  const wholeNumbers = numbers.filter(({ allowed }) => allowed.startsWith('a whole number'));

  test.each(wholeNumbers.map(({ key, range }) => [key, range!] as const))(
    'the range of %s as a string',
    (key, { min, max, or }) => {
      for (const value of [min, max, or ?? min]) expect(errorsIn({ [key]: String(value) })).toEqual([]);
      for (const value of [min - 1, max + 1].filter((outside) => outside !== or))
        expect([value, errorsIn({ [key]: String(value) }).length > 0]).toEqual([value, true]);
    },
  );

  test('every default', () => {
    const { properties } = (stackFileSchema().properties as unknown as Record<string, { properties: object }>).config!;
    const defaults = Object.entries(properties).flatMap(([key, schema]) =>
      'default' in schema ? [[key, schema.default] as const] : [],
    );
    expect(defaults).toHaveLength(configKeys.filter(({ fallback }) => fallback !== '').length);
    expect(errorsIn(Object.fromEntries(defaults))).toEqual([]);
  });
});
