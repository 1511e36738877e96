import { describe, expect, test } from '@jest/globals';
import { helpText, parseOptions } from './options.ts';

describe('the command line', () => {
  test('without options is the stack dev as it is', () => {
    expect(parseOptions([])).toEqual({
      stack: 'dev',
      queue: undefined,
      brokers: undefined,
      apiProcesses: undefined,
      ports: 'stack',
      data: undefined,
      monitoring: false,
    });
  });

  test('takes every option', () => {
    const args = [
      '--stack',
      'spike',
      '--queue=kafka',
      '--brokers',
      '1',
      '--api-processes',
      '2',
      '--data',
      '/tmp/x',
      '--ports=free',
      '--monitoring',
    ];
    expect(parseOptions(args)).toEqual({
      stack: 'spike',
      queue: 'kafka',
      brokers: 1,
      apiProcesses: 2,
      ports: 'free',
      data: '/tmp/x',
      monitoring: true,
    });
  });

  test.each([['--help'], ['-h']])('%s asks for help', (flag) => {
    expect(parseOptions(['--stack', 'x', flag])).toBeNull();
    expect(helpText()).toContain('--queue KIND');
  });

  test('tells everything that is wrong at once', () => {
    const parse = () =>
      parseOptions([
        '--stak',
        'dev',
        '--queue',
        'rabbit',
        '--brokers',
        '0',
        'now',
        '--ports',
        '80',
        '--monitoring=on',
        '--data',
      ]);
    expect(parse).toThrow(/--stak: there is no such option; did you mean --stack\?/);
    expect(parse).toThrow(/--queue: must be kafka, redis-streams or sqs; it is "rabbit"/);
    expect(parse).toThrow(/--brokers: must be a whole number from 1 to 30; it is "0"/);
    expect(parse).toThrow(/"now" stands alone/);
    expect(parse).toThrow(/--ports: must be stack or free; it is "80"/);
    expect(parse).toThrow(/--monitoring: takes no value/);
    expect(parse).toThrow(/--data: needs a value/);
  });
});
