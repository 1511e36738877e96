// A broker's settings, as a function of the stack config. Brokers differ in their id, and in the
// port that leads to them from outside (start.sh).
import { createHash } from 'node:crypto';
import { BROKER_PORT, BROKERS_SERVICE, CLIENT_PORT, CONTROLLER_PORT, EXTERNAL_PORT } from './ports.ts';

/** Placeholder for the id of the broker. */
const ID = '@ID@';
/** Placeholder for the port that leads to the broker from outside the cluster. */
const NODE_PORT = '@NODE_PORT@';

/**
 * A folder within the volume: Kafka would take the `lost+found` of a new volume for a partition.
 */
const LOG_FOLDER = '/var/lib/kafka/data/log';

/**
 * The first brokers are the voting controllers: few, and an odd number.
 */
export const votersOf = (brokers: number): number => (brokers >= 3 ? 3 : 1);

/**
 * The cluster id in the volumes. It follows from the namespace, so that volumes that outlive a
 * `destroy` fit the next `up`.
 * @returns 22 characters, as Kafka writes 16 bytes
 */
export function clusterId(namespace: string): string {
  const id = createHash('sha256')
    .update(`breakwater/kafka/${namespace}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');
  // A leading hyphen would make it an option on a command line.
  return id.replace(/^-/, 'A');
}

/**
 * What a broker's settings depend on. From three brokers on, another one changes nothing for them.
 */
export interface BrokerSettings {
  readonly namespace: string;
  /** `kafka:brokers` */
  readonly brokers: number;
  /** `kafka:heapMiB` */
  readonly heapMiB: number;
  /** `kafka:nodePort`. @default 0: no listener for clients outside the cluster */
  readonly nodePort?: number;
  /** `kafka:advertisedHost` */
  readonly advertisedHost?: string;
}

/** Where clients outside the cluster reach the brokers. With k3d, that is this machine. */
export const advertisedHostOf = ({ advertisedHost = '127.0.0.1' }: Pick<BrokerSettings, 'advertisedHost'>): string =>
  advertisedHost;

/** Settings by name. @param role `controller` is both broker and controller */
export function brokerSettings(
  { namespace, brokers, heapMiB, nodePort = 0, advertisedHost }: BrokerSettings,
  role: 'controller' | 'broker',
): Readonly<Record<string, string>> {
  const nameOf = (id: number | string) => `kafka-${id}.${BROKERS_SERVICE}.${namespace}.svc`;
  const voters = Array.from({ length: votersOf(brokers) }, (_, id) => `${id}@${nameOf(id)}:${CONTROLLER_PORT}`);
  const isController = role === 'controller';
  const isOpen = nodePort > 0;
  const advertised = [
    `CLIENTS://${nameOf(ID)}:${CLIENT_PORT}`,
    `BROKERS://${nameOf(ID)}:${BROKER_PORT}`,
    ...(isOpen ? [`EXTERNAL://${advertisedHostOf({ advertisedHost })}:${NODE_PORT}`] : []),
  ];
  const copies = String(votersOf(brokers));
  const inSync = brokers >= 3 ? '2' : '1';
  return {
    'node.id': ID,
    'process.roles': isController ? 'broker,controller' : 'broker',
    'controller.quorum.voters': voters.join(','),
    'log.dirs': LOG_FOLDER,

    // Clients authenticate. The two inner listeners do not: the network policy admits brokers only.
    listeners: [
      `CLIENTS://:${CLIENT_PORT}`,
      `BROKERS://:${BROKER_PORT}`,
      ...(isController ? [`CONTROLLERS://:${CONTROLLER_PORT}`] : []),
      ...(isOpen ? [`EXTERNAL://:${EXTERNAL_PORT}`] : []),
    ].join(','),
    'advertised.listeners': advertised.join(','),
    'listener.security.protocol.map': `CLIENTS:SASL_PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLERS:PLAINTEXT${isOpen ? ',EXTERNAL:SASL_PLAINTEXT' : ''}`,
    'inter.broker.listener.name': 'BROKERS',
    'controller.listener.names': 'CONTROLLERS',
    'listener.name.clients.sasl.enabled.mechanisms': 'PLAIN',
    ...(isOpen && { 'listener.name.external.sasl.enabled.mechanisms': 'PLAIN' }),
    // Reads the passwords from the mounted Secret (start.sh).
    'config.providers': 'dir',
    'config.providers.dir.class': 'org.apache.kafka.common.config.provider.DirectoryConfigProvider',

    // Topics are declared, not created on first use. Kafka's internal topics are as durable.
    'auto.create.topics.enable': 'false',
    // Read by the controllers, which create topics. A plain broker would log a warning.
    ...(isController && { 'default.replication.factor': copies }),
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    // Few groups and transactions: fewer replicas to catch up after each restart.
    'offsets.topic.num.partitions': '12',
    'transaction.state.log.num.partitions': '12',
    'share.coordinator.state.topic.num.partitions': '12',
    // A year instead of a week: consumers that were scaled to zero must find their offsets.
    'offsets.retention.minutes': '525600',

    // No initial rebalance delay: consumers that are scaled up start one by one.
    'group.initial.rebalance.delay.ms': '0',
    // After a roll, the brokers that came back first lead all partitions. Rebalance within one
    // minute instead of five.
    'leader.imbalance.check.interval.seconds': '60',
    // The default of 128 MiB is a quarter of a small heap.
    'log.cleaner.dedupe.buffer.size': String(Math.min(128, Math.floor(heapMiB / 16)) * 1024 * 1024),
  };
}

/** The text of a properties file. */
export const formatProperties = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
