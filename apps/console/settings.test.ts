import { describe, expect, test } from '@jest/globals';
import { appEnvironment } from '../../test/app-environment.ts';
import { problemsJson } from '../../test/problem-table.ts';
import { readSettings } from './settings.ts';

const load = JSON.stringify({ command: ['node', 'x'], profiles: [{ name: 'a', question: '?', users: 1, seconds: 2 }] });
const problems = problemsJson({ 'monitoring:latencyLimitMs': 500 });
const { LatencyHigh: _, ...incomplete } = JSON.parse(problems);
const env = appEnvironment('console', {
  API_TARGETS: 'api-pods.breakwater-api.svc:9464, 10.0.0.1:9464',
  CONSOLE_PROBLEMS: problems,
});

describe("the console's settings", () => {
  test('targets are a list that may be empty, tables and commands are JSON', () => {
    const settings = readSettings({ ...env, CONSOLE_LOAD: load });
    expect(settings).toMatchObject({
      API_TARGETS: ['api-pods.breakwater-api.svc:9464', '10.0.0.1:9464'],
      GATE_TARGETS: [],
      CONSOLE_LOAD: { command: ['node', 'x'], profiles: [{ name: 'a' }] },
      CONSOLE_PROBLEMS: { LatencyHigh: { limit: { comparison: '>', value: 0.5, unit: 'seconds' } } },
    });
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['a target without a port', { API_TARGETS: 'api' }, /API_TARGETS: must be host:port/],
    ['a load command that is not JSON', { CONSOLE_LOAD: 'node x' }, /CONSOLE_LOAD: must be JSON/],
    ['a load command without a program', { CONSOLE_LOAD: '{"profiles":[]}' }, /CONSOLE_LOAD: must be JSON/],
    ['no queue', { QUEUE_KIND: '' }, /QUEUE_KIND: is required/],
    ['no table of problems', { CONSOLE_PROBLEMS: '' }, /CONSOLE_PROBLEMS: is required/],
    ['a table without a problem', { CONSOLE_PROBLEMS: JSON.stringify(incomplete) }, /CONSOLE_PROBLEMS: .*LatencyHigh/s],
    [
      'a table with a problem that it cannot judge',
      { CONSOLE_PROBLEMS: JSON.stringify({ ...JSON.parse(problems), Other: JSON.parse(problems).LatencyHigh }) },
      /CONSOLE_PROBLEMS: .*Other/s,
    ],
    ['a page that everyone can see', { CONSOLE_HOST: '0.0.0.0' }, /CONSOLE_PASSWORD: is required where other machines/],
    [
      'controls that everyone can use',
      { CONSOLE_HOST: '0.0.0.0', CONSOLE_PASSWORD: 'p', CONSOLE_LOAD: load },
      /CONSOLE_LOAD: controls are only for this machine/,
    ],
  ])('refused: %s', (_what, changes, message) => {
    expect(() => readSettings({ ...env, ...changes })).toThrow(message);
  });

  test('other machines can reach the page with a password', () => {
    expect(readSettings({ ...env, CONSOLE_HOST: '0.0.0.0', CONSOLE_PASSWORD: 'p' }).CONSOLE_PASSWORD).toBe('p');
  });
});
