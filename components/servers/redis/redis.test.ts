// Redis in the cluster: its settings, its users, and its memory for a fork.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../../config/parse.ts';
import { Credentials } from '../../kubernetes/credentials.ts';
import { Collector } from '../../program.testing.ts';
import { containerMemoryMiB } from './memory.ts';
import { Redis, redisConf } from './redis.ts';

test('redis.conf: the queue is durable and never evicted', () => {
  expect(redisConf({ memoryMiB: 2048, appendFsync: 'always' })).toBe(
    [
      'bind * -::*',
      'protected-mode no',
      'port 6379',
      'dir /data',
      'aclfile /run/redis/users.acl',
      'appendonly yes',
      'appendfsync always',
      'save ""',
      'maxmemory 2048mb',
      'maxmemory-policy volatile-ttl',
      'maxmemory-samples 64',
      'rdbcompression no',
      'auto-aof-rewrite-min-size 1024mb',
      'tcp-backlog 4096',
      'maxclients 20000',
      '',
    ].join('\n'),
  );
});

test('the container has memory for a second copy while a fork writes', () => {
  expect(containerMemoryMiB(2048)).toBeGreaterThan(2 * 2048);
});

describe('start.sh', () => {
  const repair = join(__dirname, '..', '..', '..', 'config', 'redis-repair.sh');

  /** Runs the script with programs of Redis that print their arguments. */
  function start(password: string, previous: string): { acl: string; started: string } {
    const folder = mkdtempSync(join(tmpdir(), 'breakwater-redis-'));
    try {
      for (const program of ['redis-server', 'redis-check-aof'])
        writeFileSync(join(folder, program), '#!/bin/sh\necho "$(basename $0)" "$@"\n', { mode: 0o755 });
      mkdirSync(join(folder, 'appendonlydir'));
      writeFileSync(join(folder, 'appendonlydir', 'appendonly.aof.manifest'), 'file appendonly.aof.1.incr.aof');
      writeFileSync(join(folder, 'new'), password);
      writeFileSync(join(folder, 'old'), previous);
      const script = readFileSync(join(__dirname, 'start.sh'), 'utf8')
        .replaceAll('/run/redis', folder)
        .replace('/etc/redis/redis-repair.sh /data', `${repair} ${folder}`);
      const started = execFileSync('sh', ['-c', script], {
        encoding: 'utf8',
        env: {
          PATH: `${folder}:${process.env.PATH}`,
          REDIS_PASSWORD_FILE: join(folder, 'new'),
          REDIS_PREVIOUS_PASSWORD_FILE: join(folder, 'old'),
        },
      });
      return { acl: readFileSync(join(folder, 'users.acl'), 'utf8'), started };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');

  test('both passwords are valid, and neither is written in clear', () => {
    const { acl, started } = start('new-secret', 'old-secret');
    expect(acl).toContain(`user default on #${hash('new-secret')} #${hash('old-secret')} `);
    expect(acl + started).not.toContain('-secret');
  });

  test('checks the append-only file before Redis reads it', () => {
    expect(start('a', 'b').started).toBe(
      'redis-check-aof appendonlydir/appendonly.aof.manifest\nredis-server /etc/redis/redis.conf\n',
    );
  });

  test('clients cannot run commands that could lose the queue', () => {
    expect(start('a', 'b').acl).toContain('+@all -@dangerous');
    expect(start('a', 'b').acl).not.toMatch(/\+(flush|shutdown|debug|config\|set|config )/);
  });
});

test('the pod', async () => {
  const collector = new Collector();
  const config = parseStackConfig({ 'cluster:storageClass': 'fast' });
  const credentials = new Credentials('redis', {
    version: 1,
    passwordOnly: true,
    namespace: 'shop',
    apiNamespace: 'shop-api',
  });
  new Redis('redis', { namespace: 'shop', config, credentials });
  const pod = (await collector.inputsOf('StatefulSet', 'redis')).spec.template.spec;
  const [redis] = pod.containers;
  expect(redis.image).toMatch(/^redis:8\..*@sha256:/);
  expect(redis.resources.limits.memory).toBe(`${containerMemoryMiB(config.redis.memoryMiB)}Mi`);
  expect(redis.env).toEqual([
    { name: 'REDIS_PASSWORD_FILE', value: '/run/secrets/breakwater/redis_password/password' },
    { name: 'REDIS_PREVIOUS_PASSWORD_FILE', value: '/run/secrets/breakwater/redis_previous_password/previousPassword' },
  ]);
  // While Redis loads its file, it replies LOADING instead of PONG.
  expect(redis.startupProbe.exec.command.at(-1)).toMatch(/= PONG$/);
  expect(JSON.stringify(pod)).not.toContain('made-for-');
});
