// The start script, run for real with stand-ins for Kafka's own scripts: what a broker gets, and
// that no file contains a password.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { BrokerSettings } from './settings.ts';
import { secretText, startBroker } from './start.testing.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'breakwater-start-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const script = readFileSync(join(__dirname, 'start.sh'), 'utf8');
const start = (hostname: string, more: Partial<BrokerSettings> = {}) =>
  startBroker(script, root, hostname, { namespace: 'shop', brokers: 4, heapMiB: 512, ...more });

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
  expect(settings).not.toMatch(/@[A-Z_]+@/);
});

test('both users are valid, and the file contains the paths of their passwords only', () => {
  const { settings } = start('kafka-0');
  const file = (name: string) => `\${dir:${join(root, 'secrets')}:${name}}`;
  expect(settings.trim().split('\n').at(-1)).toBe(
    'listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required' +
      ` user_${file('username')}="${file('password')}" user_${file('previousUsername')}="${file('previousPassword')}";`,
  );
  expect(settings).not.toContain(secretText('password'));
});

test('from outside, each broker has a port of its own and the same users', () => {
  const { settings } = start('kafka-2', { nodePort: 30_092, advertisedHost: 'kafka.example' });
  expect(settings).toContain(',EXTERNAL://kafka.example:30094\n');
  expect(settings).not.toMatch(/@[A-Z_]+@/);
  const [clients, external] = settings.trim().split('\n').slice(-2);
  expect(external).toBe(clients?.replace('.clients.', '.external.'));
});

test('the class data archive is used if the image has one', () => {
  mkdirSync(join(root, 'kafka'));
  writeFileSync(join(root, 'kafka/kafka.jsa'), '');
  expect(start('kafka-0').lines.at(-1)).toMatch(/-XX:\+UseG1GC -XX:SharedArchiveFile=.*kafka\.jsa\)$/);
});
