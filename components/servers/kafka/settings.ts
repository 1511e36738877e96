// A broker's settings as a function of the stack config. What differs from broker to broker is its id alone (start.sh).
import { createHash } from 'node:crypto';
import { BROKER_PORT, BROKERS_SERVICE, CLIENT_PORT, CONTROLLER_PORT } from './ports.ts';

/** Where the id of a broker stands in its settings. */
const ID = '@ID@';

/** Folder within the volume: a new volume's own `lost+found` would be taken for a partition. */
export const LOG_FOLDER = '/var/lib/kafka/data/log';

/** Controllers that vote: the first brokers. A majority rule wants few, and an odd number. */
export const votersOf = (brokers: number): number => (brokers >= 3 ? 3 : 1);

/**
 * The id that a cluster's volumes carry. It follows from the namespace, so that volumes kept by a `destroy` fit the next `up`.
 * @returns 22 characters, as Kafka writes 16 bytes
 */
export function clusterId(namespace: string): string {
  const id = createHash('sha256')
    .update(`breakwater/kafka/${namespace}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');
  // A command line would take it for an option.
  return id.replace(/^-/, 'A');
}

/** What a broker's settings depend on. The number of brokers counts only up to three: a fourth changes nothing for the others. */
export interface BrokerSettings {
  readonly namespace: string;
  /** `kafka:brokers` */
  readonly brokers: number;
  /** `kafka:heapMiB` */
  readonly heapMiB: number;
}

/** Settings by their own names. @param role `controller` is both broker and controller */
export function brokerSettings(
  { namespace, brokers, heapMiB }: BrokerSettings,
  role: 'controller' | 'broker',
): Readonly<Record<string, string>> {
  const nameOf = (id: number | string) => `kafka-${id}.${BROKERS_SERVICE}.${namespace}.svc`;
  const voters = Array.from({ length: votersOf(brokers) }, (_, id) => `${id}@${nameOf(id)}:${CONTROLLER_PORT}`);
  const isController = role === 'controller';
  const copies = String(votersOf(brokers));
  const inSync = brokers >= 3 ? '2' : '1';
  return {
    'node.id': ID,
    'process.roles': isController ? 'broker,controller' : 'broker',
    'controller.quorum.voters': voters.join(','),
    'log.dirs': LOG_FOLDER,

    // Clients say who they are. The two inner listeners ask nobody: the network policy lets only brokers in.
    listeners: [
      `CLIENTS://:${CLIENT_PORT}`,
      `BROKERS://:${BROKER_PORT}`,
      ...(isController ? [`CONTROLLERS://:${CONTROLLER_PORT}`] : []),
    ].join(','),
    'advertised.listeners': `CLIENTS://${nameOf(ID)}:${CLIENT_PORT},BROKERS://${nameOf(ID)}:${BROKER_PORT}`,
    'listener.security.protocol.map': 'CLIENTS:SASL_PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLERS:PLAINTEXT',
    'inter.broker.listener.name': 'BROKERS',
    'controller.listener.names': 'CONTROLLERS',
    'listener.name.clients.sasl.enabled.mechanisms': 'PLAIN',
    // Reads the passwords out of the mounted Secret (start.sh).
    'config.providers': 'dir',
    'config.providers.dir.class': 'org.apache.kafka.common.config.provider.DirectoryConfigProvider',

    // Topics are declared, not made by use; what Kafka makes for itself is as durable as they are.
    'auto.create.topics.enable': 'false',
    // Read by the controllers, who make topics; a broker alone warns of it.
    ...(isController && { 'default.replication.factor': copies }),
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    // Few groups, few transactions: fewer replicas to catch up with after each restart.
    'offsets.topic.num.partitions': '12',
    'transaction.state.log.num.partitions': '12',
    'share.coordinator.state.topic.num.partitions': '12',
    // A year. Consumers may be scaled to zero for longer than Kafka's week, and must find their place again.
    'offsets.retention.minutes': '525600',

    // Consumers start one by one when they are scaled up: the first one need not wait for the others.
    'group.initial.rebalance.delay.ms': '0',
    // After a roll the leaders are all on the brokers that came back first: put right within a minute instead of five.
    'leader.imbalance.check.interval.seconds': '60',
    // Buffers of 128 MiB by default, a quarter of a small heap.
    'log.cleaner.dedupe.buffer.size': String(Math.min(128, Math.floor(heapMiB / 16)) * 1024 * 1024),
  };
}

/** The text of a properties file. */
export const formatProperties = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
