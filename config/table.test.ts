// The table in docs/config.md is up to date with the schema.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { configKeys } from './schema.ts';
import { configTable, withConfigTable } from './table.ts';

test('docs/config.md is up to date (npm run docs:config)', () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'config.md'), 'utf8');
  expect(withConfigTable(page)).toBe(page);
});

test('one row per key, with a cell for each column', () => {
  const rows = configTable()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows).toHaveLength(configKeys.length);
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
});

test('only what is between the markers is replaced', () => {
  const page = 'before\n<!-- config:start -->\nOUTDATED\n<!-- config:end -->\nafter\n';
  const updated = withConfigTable(page);
  expect(updated.startsWith('before\n<!-- config:start -->\n\n### cluster\n')).toBe(true);
  expect(updated.endsWith('\n\n<!-- config:end -->\nafter\n')).toBe(true);
  expect(updated).not.toContain('OUTDATED');
  expect(withConfigTable(updated)).toBe(updated);
});

test('a page without markers is refused', () => {
  expect(() => withConfigTable('nothing')).toThrow('<!-- config:start -->');
});
