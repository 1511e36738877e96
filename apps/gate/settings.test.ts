// The environment, right and wrong.
import { expect, test } from '@jest/globals';
import { readSettings } from './settings.ts';

test('defaults', () => {
  expect(readSettings({ GATE_UPSTREAM: 'mongo:27017' })).toMatchObject({
    GATE_HOST: '0.0.0.0',
    GATE_PORT: 27_018,
    GATE_UPSTREAM: { host: 'mongo', port: 27_017 },
    MONGO_IOPS: 100,
  });
});

test('an IPv6 address', () => {
  expect(readSettings({ GATE_UPSTREAM: '[::1]:27017' }).GATE_UPSTREAM).toEqual({ host: '::1', port: 27_017 });
});

test('every wrong variable is named at once', () => {
  const read = (): unknown => readSettings({ GATE_UPSTREAM: 'mongo', MONGO_IOPS: '-1', GATE_PORT: '70000' });
  expect(read).toThrow(/GATE_UPSTREAM: must be host:port/);
  expect(read).toThrow(/MONGO_IOPS/);
  expect(read).toThrow(/GATE_PORT/);
  expect(() => readSettings({})).toThrow(/GATE_UPSTREAM: is required/);
});
