import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../../tooling/errors.ts';
import { REPOSITORY } from './machine.ts';
import { helpText, parseOptions } from './options.ts';
import { STACKS, STEPS } from './plan.ts';
import { steps } from './steps/index.ts';

const existing = ['--context', 'kind-two', '--registry', 'localhost:5001', '--address', 'http://127.0.0.1:8081'];

describe('the command line of npm run e2e', () => {
  test('plans the steps of the stack', () => {
    const options = parseOptions(['--stack', 'events'])!;
    expect(options).toMatchObject({ stack: 'events', config: {}, keep: false, existing: undefined, work: undefined });
    expect(options.steps.slice(0, 3)).toEqual(['doctor', 'preview', 'up']);
    expect(options.steps.at(-1)).toBe('destroy');
    expect(options.steps).toContain('scaling');
    expect(options.steps).not.toContain('hpa');
  });
  test('leaves the nodes of an existing cluster alone', () => {
    const options = parseOptions(['--stack', 'dev', ...existing])!;
    expect(options.existing).toEqual({
      context: 'kind-two',
      registry: 'localhost:5001',
      address: 'http://127.0.0.1:8081',
    });
    for (const step of ['doctor', 'agents', 'sysctls'] as const) expect(options.steps).not.toContain(step);
    expect(options.steps).toContain('brokers');
  });
  test('splits config at the first equals sign', () => {
    const args = ['--stack', 'dev', '--config', 'images:digests=false', '--config=charts:keda=/a=b.tgz'];
    expect(parseOptions(args)!.config).toEqual({ 'images:digests': 'false', 'charts:keda': '/a=b.tgz' });
  });
  test('keeps the order of the steps', () => {
    expect(parseOptions(['--stack', 'dev', '--steps', 'up,again', '--keep'])).toMatchObject({
      steps: ['up', 'again'],
      keep: true,
    });
  });
  test.each([
    [[], /--stack: must be one of dev, small, stress/],
    [['--stack', 'prod'], /found "prod"/],
    [['--stack', 'dev', '--steps', 'upp'], /unknown step "upp"; did you mean up\?/],
    [['--stack', 'dev', '--config', 'x'], /must look like images:digests=false; found "x"/],
    [['--stack', 'dev', '--context', 'x'], /needs all three/],
    [['--stack', 'dev', '--stac', 'x'], /did you mean --stack\?/],
    [['--stack', 'dev', '--work', '--keep'], /--work: needs a value/],
    [['--stack', 'dev', '--config', 'x:=1'], /must look like/],
    [['dev'], /unexpected "dev"/],
  ])('refused: %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });
  test('--help lists every step', () => {
    expect(parseOptions(['--help'])).toBeNull();
    for (const step of Object.keys(STEPS)) expect(helpText()).toContain(`\n  ${step} `);
  });
});

describe('the plan', () => {
  test('covers every stack file', () => {
    const files = readdirSync(REPOSITORY).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
    expect(files.sort()).toEqual([...STACKS].sort());
  });
  test('has an implementation for each step', () => expect(Object.keys(steps)).toEqual(Object.keys(STEPS)));
});
