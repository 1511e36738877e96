// A broker's server.properties as a function of where it runs and how many there are.

interface BrokerPlace {
  nodeId: number;
  /** For clients and other brokers. */
  port: number;
  /** Of the voters, by node id from 0. The first `length` nodes are controllers too. */
  controllerPorts: readonly number[];
  /** How many brokers the cluster has. */
  brokers: number;
  /** Where this broker keeps its partitions. */
  dataDir: string;
  /** Broker settings by name that replace or add to ours. */
  overrides?: Readonly<Record<string, string>>;
}

/** Voters of a cluster: the controllers' majority rule wants few and an odd number. */
export function votersFor(brokers: number): number {
  return brokers >= 3 ? 3 : 1;
}

/** The settings of one broker. */
export function brokerSettings(place: BrokerPlace): Record<string, string> {
  const { nodeId, port, controllerPorts, brokers, dataDir, overrides = {} } = place;
  const isController = nodeId < controllerPorts.length;
  const replicas = String(Math.min(3, brokers));
  const inSync = String(Math.min(2, brokers));
  const client = `PLAINTEXT://127.0.0.1:${port}`;
  return {
    'process.roles': isController ? 'broker,controller' : 'broker',
    'node.id': String(nodeId),
    'controller.quorum.voters': controllerPorts.map((each, id) => `${id}@127.0.0.1:${each}`).join(','),
    listeners: isController ? `${client},CONTROLLER://127.0.0.1:${controllerPorts[nodeId]}` : client,
    'advertised.listeners': client,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': dataDir,
    // As in the cluster: no write is accepted by one replica alone, and topics are not created on
    // first use.
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    // One machine, several brokers: few internal partitions and threads, small buffers, no initial
    // rebalance delay.
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'background.threads': '2',
    'log.cleaner.dedupe.buffer.size': String(16 << 20),
    ...overrides,
  };
}

/** The text of a properties file. */
export function formatProperties(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('');
}
