// The golden form of what a stack declares: YAML in a fixed order, so that a review sees what a change does to the infrastructure.
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { type Declared, type Json, key } from './declare.ts';

/** What differs from machine to machine, or only says that something else changed. */
const STEADY: readonly (readonly [RegExp, string])[] = [
  // A generated name ends with a hash of the content: the content itself is there to see.
  [/-~[0-9a-f]{8}\b/g, '-~'],
  [/linux\/(amd64|arm64)\b/g, 'linux/(this machine)'],
];

/** Longer texts (dashboards) are reviewed at their source; here it shows that they changed. */
const LONGEST_TEXT = 4_000;

/** The value with long texts told by their size and a checksum. */
export function shortened(value: Json): Json {
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shortened(inner)]));
  if (typeof value !== 'string' || value.length <= LONGEST_TEXT) return value;
  return `[${value.length} characters, sha256 ${createHash('sha256').update(value).digest('hex').slice(0, 16)}]`;
}

const steady = (text: string): string => STEADY.reduce((result, [what, by]) => result.replaceAll(what, by), text);

const entryOf = ({ properties, options }: Declared): Json => ({
  ...(Object.keys(options).length > 0 && { options }),
  ...(Object.keys(properties).length > 0 && { properties }),
});

/**
 * Every resource of a stack by its place and type.
 *
 * @param stack name of the stack, for the head of the file
 */
export function golden(stack: string, declared: readonly Declared[]): string {
  const resources = Object.fromEntries(declared.map((resource) => [key(resource), shortened(entryOf(resource))]));
  const head = `# Every resource that the stack \`${stack}\` declares, secrets masked. Made by \`npm run golden\`: look at its diff in review.\n`;
  return head + steady(stringify(resources, { lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false }));
}
