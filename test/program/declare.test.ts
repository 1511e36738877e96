// What declare() collects, what it hides, and that it collects the same each time.
import { describe, expect, test } from '@jest/globals';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { Workload } from '../../components/kubernetes/workload.ts';
import { parseStackConfig } from '../../config/parse.ts';
import { CLEAR_PASSWORD, type Declared, declare, key, masked } from './declare.ts';

const workload = (level: string) => () => {
  const password = new random.RandomPassword('password', { length: 8 });
  const secret = new k8s.core.v1.Secret('secret', {
    stringData: pulumi.secret({ user: 'u', password: password.result }),
  });
  new Workload('app', {
    config: parseStackConfig({}),
    namespace: 'ns',
    image: 'app:1',
    environment: { LOG_LEVEL: level },
    secretFiles: [{ variable: 'APP_PASSWORD', secret: secret.metadata.name, key: 'password' }],
    memoryMiB: 64,
  });
};

const find = (declared: readonly Declared[], path: string): Declared => {
  const found = declared.find((resource) => resource.path === path);
  if (found === undefined) throw new Error(`no ${path} among ${declared.map(key).join(', ')}`);
  return found;
};

describe('what a program declares', () => {
  test('has its path, its type and its options', async () => {
    const declared = await declare('dev', workload('info'));
    expect(declared.map(key)).toEqual([
      'app (breakwater:workload:Workload)',
      'app/app (kubernetes:apps/v1:Deployment)',
      'app/app-config (kubernetes:core/v1:ConfigMap)',
      'app/app-pods (kubernetes:core/v1:Service)',
      'password (random:index/randomPassword:RandomPassword)',
      'secret (kubernetes:core/v1:Secret)',
    ]);
    expect(find(declared, 'app/app').options).toMatchObject({ ignoreChanges: ['spec.replicas'] });
  });

  test('never shows a secret', async () => {
    const declared = await declare('dev', workload('info'));
    expect(find(declared, 'secret').properties).toMatchObject({
      stringData: { user: '[secret]', password: '[secret]' },
    });
    expect(JSON.stringify(declared)).not.toContain(CLEAR_PASSWORD);
  });

  test('is the same each time', async () => {
    expect(await declare('dev', workload('info'))).toEqual(await declare('dev', workload('info')));
  });

  test('gives a ConfigMap with another content another name', async () => {
    const [before, after] = [await declare('dev', workload('info')), await declare('dev', workload('debug'))];
    expect(find(after, 'app/app').properties).not.toEqual(find(before, 'app/app').properties);
    expect(find(after, 'secret').properties).toEqual(find(before, 'secret').properties);
  });

  test('fails when the program fails', async () => {
    await expect(
      declare('dev', () => {
        throw new Error('no such thing');
      }),
    ).rejects.toThrow('no such thing');
  });
});

test.each([
  ['a text', 'a', 'a'],
  ['a list', [1, { a: null }], [1, { a: null }]],
  ['code', { __provider: 'exports.handler' }, { __provider: '[code]' }],
])('masking leaves %s in its form', (_name, value, expected) => {
  expect(masked(value)).toEqual(expected);
});
