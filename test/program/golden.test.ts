// What each stack declares is what its golden file says: a change of the infrastructure shows in
// review as a change of that file.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadStackConfig, stackNames } from '../../config/load.ts';
import type { StackConfig } from '../../config/schema.ts';
import { apply, type Difference, difference, goldenText, type Manifest, manifest, readGolden } from './golden.ts';
import { declareStack, root } from './stacks.ts';

const directory = join(root, 'test/golden');
const stacks = stackNames(root);

/** Set by `npm run golden`: write the files instead of comparing. */
const update = process.env.UPDATE_GOLDEN === '1';

/**
 * The stack that is written whole for each queue kind; the others are written as their difference
 * from it, and production on AWS as its difference from staging there.
 */
const WHOLE: Readonly<Record<StackConfig['queue']['kind'], string>> = {
  kafka: 'dev',
  'redis-streams': 'stress',
  sqs: 'dev',
};

const baseOf = (stack: string): string =>
  stack === 'aws-production' ? 'aws-staging' : WHOLE[loadStackConfig(stack, root).queue.kind];

const fileOf = (stack: string): string => join(directory, `${stack}.yaml`);
const read = (stack: string): string => (existsSync(fileOf(stack)) ? readFileSync(fileOf(stack), 'utf8') : '');

const declared = new Map<string, Promise<Manifest>>();
/** What a stack declares; each is run once. */
function manifestOf(stack: string): Promise<Manifest> {
  const found = declared.get(stack) ?? declareStack(stack).then(manifest);
  declared.set(stack, found);
  return found;
}

/** The text that the golden file of a stack must have. */
async function textOf(stack: string): Promise<string> {
  const base = baseOf(stack);
  const own = await manifestOf(stack);
  const made = '\nSecrets are masked. Written by `npm run golden`: review its diff.';
  if (stack === base) return goldenText(`Every resource that the stack \`${stack}\` declares.${made}`, own);
  const head =
    `How the stack \`${stack}\` differs from \`${base}\`: ` +
    'resources added and removed, and a JSON Patch of each that changed.';
  return goldenText(head + made, difference(await manifestOf(base), own));
}

/** What the golden file of a stack, and those of its bases, say. */
const wholeOf = (stack: string): Manifest =>
  stack === baseOf(stack)
    ? readGolden<Manifest>(read(stack))
    : apply(wholeOf(baseOf(stack)), readGolden<Difference>(read(stack)));

/** The first lines that differ, with their numbers. */
function firstDifference(expected: string, actual: string): string {
  const [old, next] = [expected.split('\n'), actual.split('\n')];
  const first = next.findIndex((line, index) => line !== old[index]);
  const at = first < 0 ? next.length : first;
  const show = (sign: string, lines: readonly string[]) => lines.slice(at, at + 5).map((line) => `${sign} ${line}`);
  return [`line ${at + 1}:`, ...show('-', old), ...show('+', next)].join('\n');
}

describe('the program declares what the golden file says', () => {
  test.each(stacks)('%s', async (stack) => {
    const actual = await textOf(stack);
    if (update) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(fileOf(stack), actual);
      return;
    }
    const expected = read(stack);
    if (actual !== expected)
      throw new Error(
        `test/golden/${stack}.yaml is not what the program declares, at ${firstDifference(expected, actual)}\n` +
          'If the change is intended, run npm run golden and review git diff test/golden.',
      );
  });
});

describe('the difference in the file, applied to the file of the base, gives the whole stack', () => {
  test.each(stacks.filter((stack) => stack !== baseOf(stack)))('%s', async (stack) => {
    const whole = wholeOf(stack);
    expect(difference(await manifestOf(stack), whole)).toEqual({ added: {}, changed: {}, removed: [] });
  });
});

test('there is a golden file for each stack, and no other', () => {
  const files = readdirSync(directory).toSorted();
  const expected = stacks.map((stack) => `${stack}.yaml`);
  if (update) for (const file of files.filter((name) => !expected.includes(name))) rmSync(join(directory, file));
  else expect(files).toEqual(expected);
});

test('a stack gives the same manifest each time, whatever was declared in between', async () => {
  const [stack] = stacks;
  const first = manifest(await declareStack(stack!));
  expect(manifest(await declareStack(stack!, { 'logging:level': 'debug' }))).not.toEqual(first);
  expect(manifest(await declareStack(stack!))).toEqual(first);
});

describe('a difference', () => {
  const base: Manifest = {
    gone: { properties: { a: 1 } },
    kept: { properties: { list: [{ name: 'a' }, { name: 'c' }], text: 'one\ntwo', 'a/b': 1 } },
    emptied: { options: { protect: true } },
    same: { properties: { a: [1, 2] } },
  };
  const cases: readonly [string, Manifest][] = [
    ['nothing', base],
    ['a resource', { ...base, more: {} }],
    ['fewer resources', { same: base.same! }],
    ['an entry of a list', { ...base, kept: { properties: { list: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] } } }],
    ['a text of several lines', { ...base, kept: { properties: { text: 'one\nthree' } } }],
    ['a key with a slash', { ...base, kept: { properties: { 'a/b': null } } }],
    ['everything in a resource', { ...base, emptied: {} }],
    ['a whole resource', { ...base, same: [] }],
  ];
  test.each(cases)('of %s is exact, also when written and read', (_name, next) => {
    const written = goldenText('head', difference(base, next));
    expect(apply(base, readGolden<Difference>(written))).toEqual(next);
  });

  test('lists only what differs, an operation a line', () => {
    const { gone: _, ...rest } = base;
    const next = { ...rest, more: {}, kept: { properties: { list: [{ name: 'a' }], text: 'one' } } };
    expect(goldenText('head', difference(base, next))).toBe(
      [
        '# head',
        'added:',
        '  more: {}',
        'changed:',
        '  kept:',
        '    - { op: remove, path: /properties/a~1b }',
        '    - { op: remove, path: /properties/list/1 }',
        '    - { op: replace, path: /properties/text, value: one }',
        'removed:',
        '  - gone',
        '',
      ].join('\n'),
    );
  });

  test('that does not fit its base is refused', () => {
    const changed = { same: [{ op: 'remove' as const, path: '/properties/b' }] };
    expect(() => apply(base, { added: {}, changed, removed: [] })).toThrow('The patch of same does not fit');
  });
});
