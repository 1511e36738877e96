import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../tooling/errors.ts';
import { parseRateArgs } from './rate-options.ts';

describe('the command line of npm run rate', () => {
  test.each([
    [[], { rate: undefined, stack: undefined }],
    [['500'], { rate: 500, stack: undefined }],
    [['0'], { rate: 0, stack: undefined }],
    [['0.008', '--stack', 'events'], { rate: 0.008, stack: 'events' }],
    [['--stack=events'], { rate: undefined, stack: 'events' }],
  ])('%j', (args, expected) => expect(parseRateArgs(args)).toEqual(expected));

  test.each([[['--help']], [['5', '-h']]])('help: %j', (args) => expect(parseRateArgs(args)).toBeNull());

  test.each([
    [['many'], /not "many"/],
    [[''], /not ""/],
    [['1', '2'], /given 1 and 2/],
    [['--stack'], /--stack: needs/],
    [['--stack', '--x'], /--stack: needs/],
    [['--rate', '5'], /--rate: unknown option/],
  ])('refused: %j', (args, message) => {
    expect(() => parseRateArgs(args)).toThrow(UsageError);
    expect(() => parseRateArgs(args)).toThrow(message);
  });
});
