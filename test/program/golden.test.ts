// What each stack declares is what its golden file says: a change of the infrastructure shows in review as a change of the file.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { stackNames } from '../../config/load.ts';
import { golden } from './golden.ts';
import { declareStack, root } from './stacks.ts';

const directory = join(root, 'test/golden');
const stacks = stackNames(root);

/** Set by `npm run golden`: write the files instead of comparing. */
const update = process.env.UPDATE_GOLDEN === '1';

/** The first lines that differ, with their numbers. */
function difference(expected: string, actual: string): string {
  const [old, next] = [expected.split('\n'), actual.split('\n')];
  const first = next.findIndex((line, index) => line !== old[index]);
  const at = first < 0 ? next.length : first;
  const show = (sign: string, lines: readonly string[]) => lines.slice(at, at + 5).map((line) => `${sign} ${line}`);
  return [`line ${at + 1}:`, ...show('-', old), ...show('+', next)].join('\n');
}

test.each(stacks)('%s', async (stack) => {
  const file = join(directory, `${stack}.yaml`);
  const actual = golden(stack, await declareStack(stack));
  if (update) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, actual);
    return;
  }
  const expected = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (actual !== expected)
    throw new Error(
      `test/golden/${stack}.yaml is not what the program declares, at ${difference(expected, actual)}\nIf that is meant: npm run golden, and look at git diff test/golden`,
    );
});

test('there is a golden file for each stack, and no other', () => {
  const files = readdirSync(directory).toSorted();
  const expected = stacks.map((stack) => `${stack}.yaml`);
  if (update) for (const file of files.filter((name) => !expected.includes(name))) rmSync(join(directory, file));
  else expect(files).toEqual(expected);
});

test('the same stack gives the same file, whatever was declared before', async () => {
  const [stack] = stacks;
  const first = golden(stack!, await declareStack(stack!));
  expect(golden(stack!, await declareStack(stack!, { 'logging:level': 'debug' }))).not.toBe(first);
  expect(golden(stack!, await declareStack(stack!))).toBe(first);
});
