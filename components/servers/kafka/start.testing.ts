// Runs the start script of a broker, with stand-ins for Kafka's own scripts.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrokerSettings, brokerSettings, formatProperties } from './settings.ts';

/** What the script did. */
export interface Started {
  /** What it ran, without the path of the settings. */
  readonly lines: readonly string[];
  /** The broker's `server.properties`. */
  readonly settings: string;
}

/** Text of each key of the Secret with the logins. */
export const secretText = (key: string): string => `the-${key}`;

/**
 * Runs the script as the pod of that name does, with its absolute paths moved under `root`.
 * @param script the text of start.sh
 * @param root an empty folder, or that of an earlier start
 */
export function startBroker(script: string, root: string, hostname: string, broker: BrokerSettings): Started {
  for (const folder of ['etc', 'tmp', 'data', 'secrets', 'kafka/bin'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const role of ['controller', 'broker'] as const)
    writeFileSync(join(root, 'etc', `${role}.properties`), formatProperties(brokerSettings(broker, role)));
  for (const key of ['username', 'password', 'previousUsername', 'previousPassword'])
    writeFileSync(join(root, 'secrets', key), secretText(key));
  const standIn = (script: string, line: string) =>
    writeFileSync(join(root, 'kafka/bin', script), `#!/bin/sh\necho ${line}\n`, { mode: 0o755 });
  standIn('kafka-storage.sh', '"format $* ($KAFKA_HEAP_OPTS)"');
  standIn('kafka-server-start.sh', '"start $* ($KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS)"');

  const moved = script
    .replaceAll('/etc/breakwater', join(root, 'etc'))
    .replaceAll('/var/lib/kafka/data', join(root, 'data'))
    .replaceAll('/opt/kafka', join(root, 'kafka'))
    .replaceAll('=/tmp', `=${join(root, 'tmp')}`);
  const secret = (key: string) => join(root, 'secrets', key);
  const { stdout, stderr, status } = spawnSync('sh', ['-c', moved], {
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
      ...(broker.nodePort && { NODE_PORT: String(broker.nodePort) }),
    },
  });
  if (status !== 0 || stderr !== '') throw new Error(`the start script ended with status ${status}: ${stderr}`);
  const settings = join(root, 'tmp/server.properties');
  return {
    lines: stdout.replaceAll(settings, 'SETTINGS').trim().split('\n'),
    settings: readFileSync(settings, 'utf8'),
  };
}
