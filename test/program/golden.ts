// The golden form of what a stack declares: YAML in a fixed order, so that a review sees what a
// change does to the infrastructure. One stack of each queue kind is written whole, the others as
// their difference from it.
import { createHash } from 'node:crypto';
import { applyPatch, createPatch, type Operation } from 'rfc6902';
import { Document, isScalar, parse, visit } from 'yaml';
import { type Declared, type Json, key } from './declare.ts';

/** A stack's resources, by place and type. */
export type Manifest = { readonly [resource: string]: Json };

/** How one manifest differs from another. */
export interface Difference {
  readonly added: Manifest;
  /** JSON Patch (RFC 6902) of each resource that both have. */
  readonly changed: { readonly [resource: string]: readonly Operation[] };
  readonly removed: readonly string[];
}

/** What differs between machines, or follows from a change that is shown elsewhere. */
const UNSTABLE: readonly (readonly [RegExp, string])[] = [
  // A generated name ends with a hash of the content, and the manifest has the content.
  [/-~[0-9a-f]{8}\b/g, '-~'],
  [/linux\/(amd64|arm64)\b/g, 'linux/(this machine)'],
];

/** Longer texts (dashboards) are reviewed at their source; a checksum shows that they changed. */
const LONGEST_TEXT = 4_000;

function stableText(text: string): string {
  if (text.length > LONGEST_TEXT) {
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
    return `[${text.length} characters, sha256 ${digest}]`;
  }
  return UNSTABLE.reduce((result, [pattern, replacement]) => result.replaceAll(pattern, replacement), text);
}

/** The value with its keys sorted and its texts made stable. */
function stable(value: Json): Json {
  if (Array.isArray(value)) return value.map(stable);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, inner]) => [name, stable(inner)]),
    );
  return typeof value === 'string' ? stableText(value) : value;
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

const entryOf = ({ properties, options }: Declared): Json => ({
  ...(!isEmpty(options) && { options }),
  ...(!isEmpty(properties) && { properties }),
});

/** Every resource of a stack, with what is unstable in it masked. */
export const manifest = (declared: readonly Declared[]): Manifest =>
  stable(Object.fromEntries(declared.map((resource) => [key(resource), entryOf(resource)]))) as Manifest;

/** How `to` differs from `from`. */
export function difference(from: Manifest, to: Manifest): Difference {
  const shared = Object.keys(to).filter((name) => name in from);
  const patches = shared.map((name) => [name, createPatch(from[name], to[name])] as const);
  return {
    added: Object.fromEntries(Object.entries(to).filter(([name]) => !(name in from))),
    changed: Object.fromEntries(patches.filter(([, operations]) => operations.length > 0)),
    removed: Object.keys(from).filter((name) => !(name in to)),
  };
}

/**
 * The manifest that differs from `from` in this way.
 *
 * @throws Error when a patch doesn't fit
 */
export function apply(from: Manifest, { added, changed, removed }: Difference): Manifest {
  const kept = Object.entries(from).filter(([name]) => !removed.includes(name));
  const result = { ...Object.fromEntries(kept), ...added };
  for (const [name, operations] of Object.entries(changed)) result[name] = patched(name, result[name]!, operations);
  return result;
}

function patched(name: string, resource: Json, operations: readonly Operation[]): Json {
  // Wrapped, so that an operation can also replace the resource itself.
  const wrapper = structuredClone({ resource });
  const results = applyPatch(
    wrapper,
    operations.map((operation) => ({ ...operation, path: `/resource${operation.path}` })),
  );
  const failed = results.find((error) => error !== null);
  if (failed) throw new Error(`The patch of ${name} does not fit: ${failed.message}`);
  return wrapper.resource;
}

/** A one-line operation takes one line of the file. */
function oneLineOperations(document: Document): Document {
  visit(document, {
    Map: (_key, node) => {
      const value = node.get('value', true) ?? null;
      const isOneLine = value === null || (isScalar(value) && !String(value.value).includes('\n'));
      if (node.has('op') && node.has('path') && isOneLine) node.flow = true;
    },
  });
  return document;
}

/** A manifest, or a difference, as the text of a golden file. @param head its first lines */
export function goldenText(head: string, content: Manifest | Difference): string {
  const document = oneLineOperations(new Document(content, { sortMapEntries: true, aliasDuplicateObjects: false }));
  return `# ${head.replaceAll('\n', '\n# ')}\n${document.toString({ lineWidth: 0 })}`;
}

/** Reads a golden file. */
export const readGolden = <T extends Manifest | Difference>(text: string): T => parse(text, { maxAliasCount: 0 }) as T;
