import { describe, expect, test } from '@jest/globals';
import { NotReadyError } from '../errors.ts';
import { withServer } from './access.ts';
import { type PodSpec, secretFilesOf } from './app-settings.ts';
import { parseOutputs } from './outputs.ts';

describe("the apps' MongoDB address with another server", () => {
  test.each([
    ['mongodb://gate:27018/breakwater', {}, 'mongodb://127.0.0.1:5/breakwater'],
    [
      'mongodb://gate:27018/breakwater?authSource=admin',
      { MONGO_USERNAME: 'apps-1', MONGO_PASSWORD: 'p@s/s' },
      'mongodb://apps-1:p%40s%2Fs@127.0.0.1:5/breakwater?authSource=admin',
    ],
    ['mongodb://a:1,b:2', {}, 'mongodb://127.0.0.1:5'],
  ])('%s', (url, settings, expected) => expect(withServer(url, '127.0.0.1:5', settings)).toBe(expected));
});

describe("a pod's secrets", () => {
  const pod: PodSpec = {
    containers: [
      {
        image: 'api',
        env: [
          { name: 'LOG_FILE', value: '/var/log/x' },
          { name: 'REDIS_PASSWORD_FILE', value: '/run/secrets/breakwater/redis_password/password' },
          { name: 'MONGO_PASSWORD', value: 'in clear' },
        ],
        volumeMounts: [
          { name: 'api-scratch-0', mountPath: '/tmp' },
          { name: 'api-secret-0', mountPath: '/run/secrets/breakwater/redis_password' },
        ],
      },
    ],
    volumes: [{ name: 'api-scratch-0' }, { name: 'api-secret-0', secret: { secretName: 'redis-client-abc' } }],
  };
  test('are found by the files that its environment names', () => {
    expect([...secretFilesOf(pod)]).toEqual([['REDIS_PASSWORD', { secret: 'redis-client-abc', key: 'password' }]]);
  });
});

describe("a stack's outputs", () => {
  const outputs = { apiUrl: 'http://127.0.0.1:8000', kubeconfigPath: '/k', context: 'c', namespace: 'breakwater' };
  test('are read, others ignored', () => {
    expect(parseOutputs(JSON.stringify({ ...outputs, commands: {} }), 'dev')).toEqual(outputs);
  });
  test('that lack something say so', () => {
    expect(() => parseOutputs('{}', 'the stack dev')).toThrow(NotReadyError);
    expect(() => parseOutputs('{"apiUrl":"http://x"}', 'the stack dev')).toThrow(
      /the stack dev is not up \(its outputs lack kubeconfigPath, context, namespace\); bring it up/,
    );
  });
});
