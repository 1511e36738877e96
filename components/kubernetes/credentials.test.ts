// Credentials: users and passwords before and after a rotation, which are in Secrets only.
import { beforeEach, describe, expect, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { parseStackConfig } from '../../config/parse.ts';
import { Collector, SecretValue, valueIn } from '../program.testing.ts';
import { Credentials, credentialsOf } from './credentials.ts';

let collector: Collector;

beforeEach(() => {
  collector = new Collector();
});

const place = { namespace: 'shop', apiNamespace: 'shop-api' };
const dataOf = async (secret: string) => (await collector.inputsOf('Secret', secret)).stringData;

describe('random', () => {
  test('before the first rotation, the previous user is the current one', async () => {
    new Credentials('kafka', { version: 1, ...place });
    expect(await dataOf('kafka-server')).toEqual(
      new SecretValue({
        username: 'apps-1',
        password: 'made-for-kafka-password-v1',
        previousUsername: 'apps-1',
        previousPassword: 'made-for-kafka-password-v1',
      }),
    );
    expect(await collector.all(':RandomPassword')).toHaveLength(1);
  });

  test('a rotation: clients get the new user, the server knows both, and the previous one is the same resource', async () => {
    new Credentials('kafka', { version: 3, ...place });
    expect(await dataOf('kafka-server')).toEqual(
      new SecretValue({
        username: 'apps-3',
        password: 'made-for-kafka-password-v3',
        previousUsername: 'apps-2',
        previousPassword: 'made-for-kafka-password-v2',
      }),
    );
    const client = new SecretValue({ username: 'apps-3', password: 'made-for-kafka-password-v3' });
    expect(await dataOf('kafka-client')).toEqual(client);
    expect(await dataOf('kafka-client-api')).toEqual(client);
    const namespaces = (await collector.all(':Secret')).map(({ name, inputs }) => [name, inputs.metadata.namespace]);
    expect(Object.fromEntries(namespaces)).toEqual({
      'kafka-server': 'shop',
      'kafka-client': 'shop',
      'kafka-client-api': 'shop-api',
    });
  });

  test('Secrets are immutable and have no fixed name, so that a new password rolls the pods that use it', async () => {
    new Credentials('redis', { version: 1, ...place });
    const secrets = await collector.all(':Secret');
    expect(secrets).toHaveLength(3);
    for (const { inputs } of secrets) {
      expect(inputs.immutable).toBe(true);
      expect(inputs.metadata).not.toHaveProperty('name');
    }
  });

  test('passwords need no escaping in a URL, a shell, JAAS or redis.conf', async () => {
    new Credentials('redis', { version: 1, ...place });
    expect(await collector.inputsOf('RandomPassword', 'redis-password-v1')).toMatchObject({
      special: false,
      length: 32,
    });
  });

  test('passwords are in Secrets only, and the component exposes names only', async () => {
    const credentials = new Credentials('mongo', { version: 2, ...place });
    const names = await Promise.all(
      [credentials.server, credentials.clientSecret('main'), credentials.clientSecret('api')].map(valueIn),
    );
    const outside = (await collector.all()).filter(({ type }) => !type.endsWith(':Secret'));
    expect(JSON.stringify([outside, names])).not.toContain('made-for-');
    expect(names).toEqual(['mongo-server-0123abcd', 'mongo-client-0123abcd', 'mongo-client-api-0123abcd']);
  });
});

describe('as files', () => {
  const filesOf = async (files: ReturnType<Credentials['files']>) =>
    Promise.all(files.map(async ({ variable, key, secret }) => [variable, key, await valueIn(secret)]));

  test('of a client', async () => {
    const credentials = new Credentials('kafka', { version: 1, ...place });
    expect(await filesOf(credentials.files('api', 'KAFKA'))).toEqual([
      ['KAFKA_USERNAME', 'username', 'kafka-client-api-0123abcd'],
      ['KAFKA_PASSWORD', 'password', 'kafka-client-api-0123abcd'],
    ]);
  });

  test('of a client of Redis: no user name', async () => {
    const credentials = new Credentials('redis', { version: 1, passwordOnly: true, ...place });
    expect(await filesOf(credentials.files('main', 'REDIS'))).toEqual([
      ['REDIS_PASSWORD', 'password', 'redis-client-0123abcd'],
    ]);
    expect(await dataOf('redis-client')).toEqual(new SecretValue({ password: 'made-for-redis-password-v1' }));
  });

  test('of the server', async () => {
    const credentials = new Credentials('redis', { version: 1, ...place });
    expect(await filesOf(credentials.serverFiles('REDIS'))).toEqual([
      ['REDIS_USERNAME', 'username', 'redis-server-0123abcd'],
      ['REDIS_PASSWORD', 'password', 'redis-server-0123abcd'],
      ['REDIS_PREVIOUS_USERNAME', 'previousUsername', 'redis-server-0123abcd'],
      ['REDIS_PREVIOUS_PASSWORD', 'previousPassword', 'redis-server-0123abcd'],
    ]);
  });
});

describe('of an external server', () => {
  test('are those of the config; none are random, and there is no Secret for the server itself', async () => {
    const external = { username: 'someone', password: pulumi.secret('p@ss:wörd') };
    const credentials = new Credentials('mongo', { version: 4, external, ...place });
    expect(await dataOf('mongo-client')).toEqual(new SecretValue({ username: 'someone', password: 'p@ss:wörd' }));
    expect(await collector.all(':RandomPassword')).toEqual([]);
    expect((await collector.all(':Secret')).map(({ name }) => name)).not.toContain('mongo-server');
    expect(() => credentials.server).toThrow('an external server has no Secret');
  });

  test('a password in clear becomes a secret', async () => {
    new Credentials('redis', { version: 1, external: { password: 'plain' }, ...place });
    expect(await dataOf('redis-client')).toEqual(new SecretValue({ password: 'plain' }));
  });

  test('without authentication: no files, no Secret', async () => {
    const credentials = new Credentials('mongo', { version: 1, external: { username: undefined }, ...place });
    expect(credentials.files('main', 'MONGO')).toEqual([]);
    expect(() => credentials.clientSecret('main')).toThrow('without authentication');
    expect(await collector.all(':Secret')).toEqual([]);
  });
});

describe('of each server, from the config', () => {
  const of = (raw: Record<string, unknown>) => credentialsOf(parseStackConfig(raw));

  test('in the cluster: random, by their versions', () => {
    expect(of({ 'kafka:passwordVersion': 2, 'mongo:passwordVersion': 3 })).toEqual({
      kafka: { version: 2 },
      redis: { version: 1, passwordOnly: true },
      mongo: { version: 3 },
      mysql: { version: 1, external: {} },
    });
  });

  test('outside: as given', () => {
    const config = of({
      'kafka:external': 'k:9092',
      'kafka:username': 'u',
      'kafka:password': 'p',
      'redis:external': 'redis://r:6379',
      'redis:password': 'q',
      'mongo:external': 'mongodb://m:1/db',
    });
    expect(config.kafka.external).toEqual({ username: 'u', password: 'p' });
    expect(config.redis.external).toEqual({ password: 'q' });
    expect(config.mongo.external).toEqual({});
  });

  test('of MySQL: as given', () => {
    const login = { 'mysql:username': 'u', 'mysql:password': 'p' };
    const { mysql } = of({ 'store:kind': 'mysql', 'mysql:external': 'mysql://m:3306/db', ...login });
    expect(mysql.external).toEqual({ username: 'u', password: 'p' });
  });

  test('a MongoDB without authentication: none', () => {
    expect(of({ 'mongo:auth': 'false' }).mongo.external).toEqual({});
  });
});
