// The gate's environment, right and wrong.
import { expect, test } from '@jest/globals';
import { appEnvironment } from '../../test/app-environment.ts';
import { readSettings } from './settings.ts';

const read = (changes: Record<string, string>) => readSettings(appEnvironment('gate', changes));

test.each([
  ['a name', 'mongo:27017', { host: 'mongo', port: 27_017 }],
  ['an IPv6 address', '[::1]:27017', { host: '::1', port: 27_017 }],
])('the address of MongoDB is %s', (_what, address, expected) => {
  expect(read({ GATE_UPSTREAM: address }).GATE_UPSTREAM).toEqual(expected);
});

test('every wrong variable is named at once', () => {
  const wrong = () => read({ GATE_UPSTREAM: 'mongo', MONGO_IOPS: '-1', GATE_PORT: '70000' });
  expect(wrong).toThrow(/GATE_UPSTREAM: must be host:port/);
  expect(wrong).toThrow(/MONGO_IOPS/);
  expect(wrong).toThrow(/GATE_PORT/);
});
