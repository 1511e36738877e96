// The guard as Pulumi sees it: what it keeps, when it counts as changed, and what its refusal reads
// like.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { provider } from './provider.ts';
import { guardedValues } from './values.ts';

const state = (raw: RawConfig) => ({
  ...guardedValues(parseStackConfig(raw)),
  kubeconfig: '/no/such/kubeconfig',
  context: 'c',
});

/**
 * Pulumi gives the old inputs with a property of its own, and an empty object where there were
 * none.
 */
const check = (old: RawConfig | undefined, next: RawConfig) => {
  const before = old === undefined ? {} : { ...state(old), __provider: 'x' };
  return provider.check!(before as ReturnType<typeof state>, state(next));
};

test('nothing is refused on the first up', async () => {
  expect(await check(undefined, { 'cluster:namespace': 'a' })).toEqual({ inputs: state({ 'cluster:namespace': 'a' }) });
});

test('an allowed change passes', async () => {
  expect(await check({}, { 'kafka:partitions': 6 })).toEqual({
    inputs: state({ 'kafka:partitions': 6 }),
    failures: [],
  });
});

test('refusals come all at once, in one text', async () => {
  const { failures } = await check({ 'kafka:partitions': 12 }, { 'mongo:volumeGiB': 8, 'cluster:namespace': 'b' });
  expect(failures).toHaveLength(1);
  const lines = failures?.[0]?.reason.split('\n');
  expect(lines?.[0]).toBe('3 changes of the config are refused; nothing was changed:');
  expect(lines?.slice(1).map((line) => line.slice(0, line.indexOf(': ', 20)))).toEqual([
    '  cluster:namespace: breakwater → b',
    '  mongo:volumeGiB: 16 → 8',
    '  kafka:partitions: 12 → 3',
  ]);
});

describe('without kubectl', () => {
  const path = process.env.PATH;
  beforeEach(() => {
    process.env.PATH = '/nowhere';
  });
  afterEach(() => {
    process.env.PATH = path;
  });

  test('a queue that cannot be asked is not left', async () => {
    const { failures } = await check({}, { 'queue:kind': 'redis-streams' });
    expect(failures?.[0]?.reason).toMatch(
      /^a change of the config is refused; nothing was changed:\n {2}queue:kind: kafka → redis-streams: .*could not be asked/,
    );
  });
});

test.each<[string, RawConfig, RawConfig, boolean]>([
  ['is unchanged by what it does not keep', { 'api:replicas': 1 }, { 'api:replicas': 5 }, false],
  ['changes with a value', {}, { 'kafka:partitions': 6 }, true],
  ['changes with a value that comes', {}, { 'cluster:storageClass': 'a' }, true],
  ['changes with a value that goes', { 'cluster:storageClass': 'a' }, {}, true],
])('it %s', async (_name, old, next, changes) => {
  const before = { ...state(old), __provider: 'a' };
  expect(await provider.diff!('guard', before, { ...state(next), __provider: 'b' } as never)).toEqual({ changes });
});

test('keeps what it was given', async () => {
  expect(await provider.create(state({}))).toEqual({ id: 'guard', outs: state({}) });
  expect(await provider.update!('guard', state({}), state({ 'kafka:partitions': 6 }))).toEqual({
    outs: state({ 'kafka:partitions': 6 }),
  });
});
