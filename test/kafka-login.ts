// Kafka with the listeners and logins of the brokers in the cluster: their start script writes the
// settings, and only host names and ports are those of this machine.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { BROKER_PORT, CLIENT_PORT, CONTROLLER_PORT, EXTERNAL_PORT } from '../components/servers/kafka/ports.ts';
import { secretText, startBroker } from '../components/servers/kafka/start.testing.ts';
import type { KafkaOptions } from '../local/servers/kafka.ts';
import { freePorts } from '../tooling/ports.ts';

/** The user of clients. */
export const KAFKA_LOGIN = { username: secretText('username'), password: secretText('password') };

const script = readFileSync(join(import.meta.dirname, '../components/servers/kafka/start.sh'), 'utf8');

/** The ports of each broker in the cluster. Here, each kind takes as many ports as there are brokers. */
const KINDS = [BROKER_PORT, EXTERNAL_PORT, CLIENT_PORT, CONTROLLER_PORT];

/** The first of `count` ports in a row that were free a moment ago. */
async function firstFreePort(count: number): Promise<number> {
  for (;;) {
    const ports = await freePorts(count);
    if (ports.at(-1)! - ports[0]! === count - 1) return ports[0]!;
  }
}

/** What a test needs to start the brokers and to log in. */
export interface ClusterKafka {
  /** Options of `useKafka`. The address of the server that it starts requires no login. */
  readonly options: Partial<KafkaOptions>;
  /** Address for clients in the cluster, with the login. */
  readonly clients: string;
  /** Address for clients outside the cluster, with the login: the first broker only. */
  readonly external: string;
}

/** Prepares brokers as in the cluster; to be called before the tests of a file. */
export async function clusterKafka(brokers: number): Promise<ClusterKafka> {
  const first = await firstFreePort(KINDS.length * brokers);
  const portOf = (id: number, port: number) => first + KINDS.indexOf(port) * brokers + id;
  const root = mkdtempSync(join(tmpdir(), 'breakwater-kafka-settings-'));
  afterAll(() => rmSync(root, { recursive: true }));

  const settings = (id: number): Record<string, string> => {
    const broker = { namespace: 'shop', brokers, heapMiB: 256, nodePort: portOf(0, EXTERNAL_PORT) };
    const lines = startBroker(script, root, `kafka-${id}`, broker)
      .settings.replace(/kafka-(\d+)[a-z.-]+:(\d+)/g, (_, of, port) => `127.0.0.1:${portOf(Number(of), Number(port))}`)
      .replace(/:\/\/:(\d+)/g, (_, port) => `://127.0.0.1:${portOf(id, Number(port))}`)
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('log.dirs='));
    return Object.fromEntries(lines.map((line) => line.split(/=(.*)/).slice(0, 2)));
  };
  const at = (port: number) => `127.0.0.1:${portOf(0, port)}`;
  return {
    options: { brokers, port: portOf(0, BROKER_PORT), settings },
    clients: at(CLIENT_PORT),
    external: at(EXTERNAL_PORT),
  };
}
