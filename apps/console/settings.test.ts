import { describe, expect, test } from '@jest/globals';
import { appEnvironment } from '../../test/app-environment.ts';
import { readSettings } from './settings.ts';

const load = JSON.stringify({ command: ['node', 'x'], profiles: [{ name: 'a', question: '?', users: 1, seconds: 2 }] });
const env = appEnvironment('console', { API_TARGETS: 'api-pods.breakwater-api.svc:9464, 10.0.0.1:9464' });

describe("the console's settings", () => {
  test('targets are a list, and may be none', () => {
    const settings = readSettings({ ...env, CONSOLE_LOAD: load });
    expect(settings).toMatchObject({
      API_TARGETS: ['api-pods.breakwater-api.svc:9464', '10.0.0.1:9464'],
      GATE_TARGETS: [],
      CONSOLE_LOAD: { command: ['node', 'x'], profiles: [{ name: 'a' }] },
    });
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['a target without a port', { API_TARGETS: 'api' }, /API_TARGETS: must be host:port/],
    ['a load that is no JSON', { CONSOLE_LOAD: 'node x' }, /CONSOLE_LOAD: must be JSON/],
    ['a load without a command', { CONSOLE_LOAD: '{"profiles":[]}' }, /CONSOLE_LOAD: must be JSON/],
    ['no queue', { QUEUE_KIND: '' }, /QUEUE_KIND: is required/],
    ['everybody may look', { CONSOLE_HOST: '0.0.0.0' }, /CONSOLE_PASSWORD: is required where CONSOLE_HOST leads/],
    [
      'everybody may load',
      { CONSOLE_HOST: '0.0.0.0', CONSOLE_PASSWORD: 'p', CONSOLE_LOAD: load },
      /CONSOLE_LOAD: controls are for this machine alone/,
    ],
  ])('refused: %s', (_what, changes, message) => {
    expect(() => readSettings({ ...env, ...changes })).toThrow(message);
  });

  test('beyond this machine with a password', () => {
    expect(readSettings({ ...env, CONSOLE_HOST: '0.0.0.0', CONSOLE_PASSWORD: 'p' }).CONSOLE_PASSWORD).toBe('p');
  });
});
