// The start script, run for real with stand-ins for Kafka's own scripts: what a broker gets, and
// that no file contains a password.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { brokerFiles } from './kafka.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'breakwater-start-'));
  for (const folder of ['etc', 'tmp', 'data', 'secrets', 'kafka/bin'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [name, text] of Object.entries(brokerFiles({ namespace: 'shop', brokers: 4, heapMiB: 512 })))
    writeFileSync(join(root, 'etc', name), text);
  for (const name of ['username', 'password', 'previousUsername', 'previousPassword'])
    writeFileSync(join(root, 'secrets', name), `the-${name}`);
  const standIn = (script: string, line: string) =>
    writeFileSync(join(root, 'kafka/bin', script), `#!/bin/sh\necho ${line}\n`, { mode: 0o755 });
  standIn('kafka-storage.sh', '"format $* ($KAFKA_HEAP_OPTS)"');
  standIn('kafka-server-start.sh', '"start $* ($KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS)"');
});
afterEach(() => rmSync(root, { recursive: true }));

/** Runs the script with its absolute paths moved under `root`. */
function start(hostname: string) {
  const script = readFileSync(join(root, 'etc/start.sh'), 'utf8')
    .replaceAll('/etc/breakwater', join(root, 'etc'))
    .replaceAll('/var/lib/kafka/data', join(root, 'data'))
    .replaceAll('/opt/kafka', join(root, 'kafka'))
    .replaceAll('=/tmp', `=${join(root, 'tmp')}`);
  const secret = (name: string) => join(root, 'secrets', name);
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOSTNAME: hostname,
      VOTERS: '3',
      CLUSTER_ID: 'the-cluster',
      HEAP_OPTIONS: '-Xmx512m',
      JVM_OPTIONS: '-XX:+UseG1GC',
      CLIENT_USERNAME_FILE: secret('username'),
      CLIENT_PASSWORD_FILE: secret('password'),
      CLIENT_PREVIOUS_USERNAME_FILE: secret('previousUsername'),
      CLIENT_PREVIOUS_PASSWORD_FILE: secret('previousPassword'),
    },
  });
  expect([stderr, status]).toEqual(['', 0]);
  const settings = join(root, 'tmp/server.properties');
  return {
    lines: stdout.replaceAll(settings, 'SETTINGS').trim().split('\n'),
    settings: readFileSync(settings, 'utf8'),
  };
}

test('an empty volume is formatted with the cluster’s id, a used one is not', () => {
  const format = 'format format --ignore-formatted --cluster-id the-cluster --config SETTINGS (-Xmx128m)';
  const run = 'start SETTINGS (-Xmx512m -XX:+UseG1GC)';
  expect(start('kafka-0').lines).toEqual([format, run]);
  mkdirSync(join(root, 'data/log'));
  writeFileSync(join(root, 'data/log/meta.properties'), '');
  expect(start('kafka-0').lines).toEqual([run]);
});

test.each([
  ['kafka-2', '2', 'broker,controller'],
  ['kafka-3', '3', 'broker'],
  ['kafka-12', '12', 'broker'],
])('%s is node %s, %s', (hostname, id, roles) => {
  const { settings } = start(hostname);
  expect(settings).toContain(`node.id=${id}\nprocess.roles=${roles}\n`);
  expect(settings).toContain(`CLIENTS://kafka-${id}.kafka-brokers.shop.svc:9092`);
  expect(settings).not.toContain('@ID@');
});

test('both users are valid, and the file contains the paths of their passwords only', () => {
  const { settings } = start('kafka-0');
  const file = (name: string) => `\${dir:${join(root, 'secrets')}:${name}}`;
  expect(settings.trim().split('\n').at(-1)).toBe(
    'listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required' +
      ` user_${file('username')}="${file('password')}" user_${file('previousUsername')}="${file('previousPassword')}";`,
  );
  expect(settings).not.toContain('the-password');
});

test('the class data archive is used if the image has one', () => {
  writeFileSync(join(root, 'kafka/kafka.jsa'), '');
  expect(start('kafka-0').lines.at(-1)).toMatch(/-XX:\+UseG1GC -XX:SharedArchiveFile=.*kafka\.jsa\)$/);
});
