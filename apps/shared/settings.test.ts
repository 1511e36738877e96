import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { integer, list, loadSettings, port, SettingsError } from './settings.ts';

const schema = z.object({
  NAME: z.string(),
  PORT: port.default(80),
  COUNT: integer(1, 10).default(5),
  BROKERS: list.optional(),
  LEVEL: z.enum(['low', 'high']).default('low'),
});

describe('loadSettings', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-settings-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('types and defaults; what is empty is not set; what it does not know does not matter', () => {
    expect(loadSettings(schema, { NAME: 'x', PORT: '', COUNT: '7', BROKERS: 'a:1, b:2,', OTHER: '1' })).toEqual({
      NAME: 'x',
      PORT: 80,
      COUNT: 7,
      BROKERS: ['a:1', 'b:2'],
      LEVEL: 'low',
    });
  });

  test('names every problem at once', () => {
    const load = () => loadSettings(schema, { PORT: '70000', COUNT: 'many', BROKERS: ' , ', LEVEL: 'middle' });
    expect(load).toThrow(SettingsError);
    expect(load).toThrow(/^Bad settings:\n {2}/);
    expect(load).toThrow(/NAME: is required and not set/);
    expect(load).toThrow(/PORT: .*65535/);
    expect(load).toThrow(/COUNT: .*number/);
    expect(load).toThrow(/BROKERS: must name at least one entry/);
    expect(load).toThrow(/LEVEL: .*"low"\|"high"/);
  });

  test('reads X out of the file that X_FILE names, before X', () => {
    const file = join(dir, 'name');
    writeFileSync(file, 'secret with spaces \n');
    expect(loadSettings(schema, { NAME_FILE: file, NAME: 'other' }).NAME).toBe('secret with spaces ');
  });

  test('a file that cannot be read is named once', () => {
    const load = () => loadSettings(schema, { NAME_FILE: join(dir, 'missing') });
    expect(load).toThrow(/NAME_FILE: cannot read .*missing/);
    expect(load).not.toThrow(/is required/);
  });
});
