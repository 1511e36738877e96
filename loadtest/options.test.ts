import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../tooling/errors.ts';
import { helpText, isLoopback, parseOptions } from './options.ts';
import { PROFILES } from './profiles.ts';

describe('the command line', () => {
  test('has defaults for every option', () => {
    expect(parseOptions([])).toMatchObject({
      profile: PROFILES.smoke,
      target: 'http://127.0.0.1:8000',
      engine: undefined,
    });
  });
  test('scales', () => {
    const options = parseOptions([
      '--profile',
      'stress',
      '--vus=100',
      '--time-scale',
      '0.5',
      '--gate',
      'none',
      '--mongo=none',
    ]);
    expect(options!.profile.stages[0]).toEqual({ seconds: 30, users: 20 });
    expect(options).toMatchObject({ gateUrl: null, mongoUrl: null });
  });
  test('replays logs with the built-in engine', () => {
    expect(parseOptions(['--replay', 'a.log', 'b.gz', '--replay-factor', '10', '--replay', 'c'])).toMatchObject({
      replay: { logs: ['a.log', 'b.gz', 'c'], factor: 10, timeScale: 1, connections: 10_000 },
      engine: 'builtin',
    });
    const args = ['--replay=a.log', '--vus', '50', '--time-scale', '0.1', '--profile', 'mixed'];
    expect(parseOptions(args)).toMatchObject({
      profile: PROFILES.mixed,
      replay: { logs: ['a.log'], factor: 1, timeScale: 0.1, connections: 50 },
    });
    expect(parseOptions([])!.replay).toBeUndefined();
  });
  test('leaves to a stack in a cluster what is not given', () => {
    expect(parseOptions(['--stack', 'dev', '--gate', 'none'])).toMatchObject({
      stack: 'dev',
      target: undefined,
      mongoUrl: undefined,
      gateUrl: null,
      redisUrl: undefined,
      payloadChars: undefined,
      bodyLimitKiB: undefined,
      drainTimeoutSeconds: 600,
    });
  });
  test.each([['--help'], ['-h'], ['--profile', 'nonsense', '--help']])('help: %s %s', (...args) => {
    expect(parseOptions(args.filter(Boolean))).toBeNull();
  });
  test.each([
    [['--profile', 'stres'], /unknown profile "stres"; choose from smoke, demo, stress, stress-10k, spike, soak, cold/],
    [['--vus', '0'], /--vus: must be a whole number from 1 to 100000, not "0"/],
    [['--vus', '1.5'], /--vus: must be a whole number/],
    [['--vus', 'many'], /--vus: must be/],
    [['--time-scale', '-1'], /--time-scale: must be a number from 0.001 to 100/],
    [['--target', 'localhost:8000'], /--target: must be a URL that starts with http:/],
    [['--target', 'ftp://x'], /--target: must be a URL that starts with http:\/\/ or https:/],
    [['--engine', 'jmeter'], /--engine: must be k6 or builtin/],
    [['--profil', 'smoke'], /--profil: unknown option; did you mean --profile\?/],
    [['--vus'], /--vus: needs a value/],
    [['stress'], /"stress": unexpected argument/],
    [['--replay', 'a.log', '--vus', '5', 'b.log'], /"b.log": unexpected argument/],
    [['--replay', 'a.log', '--engine', 'k6'], /--engine: k6 cannot replay logs/],
    [['--replay'], /--replay: needs a value/],
    [['--replay-factor', '2'], /--replay-factor: needs --replay/],
    [['--replay', 'a.log', '--replay-factor', '-1'], /--replay-factor: must be a number/],
    [['--vus', '0', '--engine', 'x'], /--engine[\s\S]*--vus|--vus[\s\S]*--engine/],
  ] as const)('refused: %s', (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });
  test('the help names every profile', () => {
    for (const name of Object.keys(PROFILES)) expect(helpText()).toContain(`\n  ${name} `);
  });
});

test.each([
  ['http://localhost:8000', true],
  ['http://127.0.0.1', true],
  ['http://127.1.2.3:1', true],
  ['http://[::1]:80', true],
  ['http://10.0.0.1', false],
  ['http://example.org', false],
])('loopback %s: %s', (target, expected) => expect(isLoopback(target)).toBe(expected));
