// What ends the program ends it with a message alone.
import { expect, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { plainly } from './report-config-errors.ts';

test('what a function gives is given on', () => {
  expect(plainly(() => 5)).toBe(5);
});

test('an error becomes one that Pulumi prints without a stack trace', () => {
  const fail = () =>
    plainly(() => {
      throw new TypeError('two problems:\n  a\n  b');
    });
  expect(fail).toThrow(pulumi.RunError);
  expect(fail).toThrow('two problems:\n  a\n  b');
});
