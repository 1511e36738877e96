import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findProgram, isOlder } from './programs.ts';

test.each([
  ['5.8.0', '5.8.0', false],
  ['5.10.0', '5.8.0', false],
  ['5.7.9', '5.8.0', true],
  ['6', '5.8.0', false],
  ['5.8', '5.8.0', false],
  ['20.10.24+dfsg1', '20.10.5', false],
  ['20.10.4-ce', '20.10.5', true],
  ['v1.32.4-dispatcher', '1.28.0', false],
  ['unknown', '1.28.0', true],
  ['', '1.28.0', true],
  ['18.09.1', '18.8', false],
  ['2.4', '2.38', true],
  ['2.38', '2.38', false],
  ['2.41', '2.38', false],
  ['3', '2.38', false],
  ['4.1.1', '4.1.1', false],
  ['4.0.9', '4.1.0', true],
])('%s is older than %s: %s', (version, than, expected) => {
  expect(isOlder(version, than)).toBe(expected);
});

test('a program is found in the first folder of the PATH that has it and lets it run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-path-'));
  for (const [name, mode] of [
    ['no', 0o644],
    ['yes', 0o755],
    ['later', 0o755],
  ] as const) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'tool'), '#!/bin/sh\n', { mode });
  }
  mkdirSync(join(folder, 'empty', 'tool'), { recursive: true });
  const path = ['nowhere', 'empty', 'no', 'yes', 'later'].map((name) => join(folder, name)).join(':');
  expect(findProgram('tool', path)).toBe(join(folder, 'yes', 'tool'));
  expect(findProgram('other', path)).toBeUndefined();
  expect(findProgram('sh', undefined)).toBeUndefined();
  expect(findProgram('sh', '')).toBeUndefined();
  rmSync(folder, { recursive: true });
});
