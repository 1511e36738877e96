import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chooseEngine } from './engine.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-engine-'));
  await writeFile(join(folder, 'k6'), '#!/bin/sh\n');
  await chmod(join(folder, 'k6'), 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('k6 if it is installed, otherwise our own generator, and each by option', () => {
  expect(chooseEngine(undefined, folder)).toMatchObject({ name: 'k6', why: `found: ${join(folder, 'k6')}` });
  expect(chooseEngine('k6', folder)).toMatchObject({ name: 'k6' });
  expect(chooseEngine(undefined, '/nonexistent')).toMatchObject({ name: 'builtin', why: 'k6 is not on the PATH' });
  expect(chooseEngine('builtin', folder)).toMatchObject({ name: 'builtin', why: 'by option' });
  expect(() => chooseEngine('k6', '/nonexistent')).toThrow(/k6 is not on the PATH; install it/);
});
