// Errors that the user has to fix end the program with their message alone.
import { expect, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { reportConfigErrors } from './report-config-errors.ts';

test('returns what the function returns', () => {
  expect(reportConfigErrors(() => 5)).toBe(5);
});

test('turns an error into one that Pulumi prints without a stack trace', () => {
  const fail = () =>
    reportConfigErrors(() => {
      throw new TypeError('two problems:\n  a\n  b');
    });
  expect(fail).toThrow(pulumi.RunError);
  expect(fail).toThrow('two problems:\n  a\n  b');
});
