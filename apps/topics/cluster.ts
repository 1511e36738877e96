// The Kafka cluster as the topics app sees and changes it.
import {
  Admin,
  alterPartitionReassignmentsV0,
  ConfigResourceTypes,
  ConfigSources,
  type Connection,
  createAPI,
  IncrementalAlterConfigOperationTypes,
  listPartitionReassignmentsV0,
  metadataV12,
  type Reader,
  ResponseError,
  unregisterBrokerV0,
  Writer,
} from '@platformatic/kafka';
import { clientOptions, type KafkaAddress } from '../shared/queue/kafka/client.ts';
import { leaves, protocolName } from '../shared/queue/kafka/errors.ts';
import { type ClusterState, type PartitionState, type Step, sameReplicas, type TopicState } from './steps.ts';

const TIMEOUT_MS = 30_000;

/** What one broker knows. */
interface View {
  readonly broker: number;
  readonly brokers: readonly number[];
  readonly topics: ReadonlyMap<string, readonly PartitionState[]>;
  /** Names of Kafka's own topics. */
  readonly internal: readonly string[];
}

export class Cluster {
  readonly #admin: Admin;

  constructor(address: KafkaAddress) {
    this.#admin = new Admin({
      ...clientOptions(address, 'topics'),
      requestTimeout: 35_000,
      // Where a network policy reaches a new pod late, its first connections are refused.
      retries: 10,
      retryDelay: 1_000,
    });
  }

  /** Ids of the available brokers, as any one of them knows. */
  async brokers(): Promise<number[]> {
    const metadata = await this.#admin.metadata({ topics: [], forceUpdate: true });
    return [...metadata.brokers.keys()].sort((a, b) => a - b);
  }

  /** Brokers that are registered with the controllers. A fenced one is unavailable. */
  async registered(): Promise<{ id: number; fenced: boolean }[]> {
    return describeCluster.async(await this.#connection());
  }

  /** Removes a broker that is gone from the registered ones. */
  async unregister(id: number): Promise<void> {
    await unregisterBrokerV0.api.async(await this.#connection(), id);
  }

  /** Where the partitions of a topic are, as any one broker knows. */
  async partitions(topic: string): Promise<TopicState['partitions']> {
    const { topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true });
    return (topics.get(topic)?.partitions ?? []).map(({ replicas, leader, isr }) => ({ replicas, leader, isr }));
  }

  /**
   * The state of the brokers and of all topics, Kafka's own included. Only the controllers know
   * which partitions are moving; where partitions are is known to each broker, which may hear late
   * of the end of a move and shows old and new replicas together until then. A partition is
   * therefore settled once the controllers do not move it any more and all brokers agree on it.
   */
  async observe(): Promise<ClusterState> {
    const moving = await this.#moving();
    const views = await this.#views();
    const brokers = views[0]!.brokers.filter((id) => views.every((view) => view.brokers.includes(id)));
    // A broker that another one does not list is cut off, and what it knows is old.
    const known = views.filter(({ broker }) => brokers.includes(broker)).map(({ topics }) => topics);
    if (known.length === 0) throw new Error('no broker answers that the others count as available');
    const names = [...new Set(known.flatMap((topics) => [...topics.keys()]))].sort();
    // Kafka's own topics are not configured here, and a login may not be allowed to read their
    // settings.
    const configs = await this.#configs(names.filter((name) => !views[0]!.internal.includes(name)));
    const unsettled = new Set(moving);
    const topics: Record<string, TopicState> = {};
    for (const name of names) {
      const [partitions = [], ...others] = known.map((topics) => topics.get(name) ?? []);
      topics[name] = { partitions, config: configs.get(name) ?? {} };
      for (const other of others)
        for (let p = 0; p < Math.max(partitions.length, other.length); p++)
          if (!alike(partitions[p], other[p])) unsettled.add(`${name}-${p}`);
    }
    return { brokers, topics, unsettled: [...unsettled] };
  }

  /**
   * Applies a step. A move is only started. A step that an earlier run has already applied is no
   * error.
   */
  async apply(step: Step): Promise<void> {
    switch (step.kind) {
      case 'wait':
        return;
      case 'create':
        return unlessAlready('TOPIC_ALREADY_EXISTS', () => this.#create(step));
      case 'configure':
        return this.#configure(step);
      case 'grow':
        return unlessAlready('INVALID_PARTITIONS', () => this.#grow(step));
      case 'move': {
        const partitions = [{ partitionIndex: step.partition, replicas: [...step.to] }];
        const topics = [{ name: step.topic, partitions }];
        await alterPartitionReassignmentsV0.api.async(await this.#connection(), TIMEOUT_MS, true, topics);
        return;
      }
      case 'elect':
        return electLeaders.async(await this.#connection(), step.topic, [...step.partitions], TIMEOUT_MS);
    }
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }

  /** Partitions that the controllers are moving. */
  async #moving(): Promise<string[]> {
    const connection = await this.#connection();
    const { topics } = await listPartitionReassignmentsV0.api.async(connection, TIMEOUT_MS, null);
    return topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => `${name}-${partitionIndex}`),
    );
  }

  /** What each broker knows that answers, at least one. */
  async #views(): Promise<View[]> {
    const errors: unknown[] = [];
    const views = (await this.brokers()).map(async (broker): Promise<View[]> => {
      try {
        return [await viewOf(broker, await this.#connectTo(broker))];
      } catch (error) {
        errors.push(error);
        return [];
      }
    });
    const found = (await Promise.all(views)).flat();
    if (found.length === 0) throw new AggregateError(errors, 'no broker answers');
    return found;
  }

  /** Any broker that answers. It forwards what is for the controllers. */
  async #connection(): Promise<Connection> {
    const errors: unknown[] = [];
    for (const id of await this.brokers()) {
      try {
        return await this.#connectTo(id);
      } catch (error) {
        errors.push(error);
      }
    }
    throw new AggregateError(errors, 'no broker answers');
  }

  async #connectTo(broker: number): Promise<Connection> {
    const connection = (await this.#admin.connectToBrokers([broker])).get(broker);
    if (connection === undefined) throw new Error(`broker ${broker} is not available any more`);
    return connection;
  }

  async #configs(names: readonly string[]): Promise<Map<string, Record<string, string>>> {
    if (names.length === 0) return new Map();
    const described = await this.#admin.describeConfigs({
      resources: names.map((resourceName) => ({ resourceType: ConfigResourceTypes.TOPIC, resourceName })),
    });
    return new Map(
      described.map(({ resourceName, configs }) => [
        resourceName,
        Object.fromEntries(
          configs
            .filter(({ configSource }) => configSource === ConfigSources.DYNAMIC_TOPIC_CONFIG)
            .map(({ name, value }) => [name, value ?? '']),
        ),
      ]),
    );
  }

  async #create({ topic, assignments, config }: Extract<Step, { kind: 'create' }>): Promise<void> {
    await this.#admin.createTopics({
      topics: [{ topic, assignments: assignments.map((brokers, partition) => ({ partition, brokers: [...brokers] })) }],
      configs: Object.entries(config).map(([name, value]) => ({ name, value })),
    });
  }

  async #grow({ topic, from, assignments }: Extract<Step, { kind: 'grow' }>): Promise<void> {
    await this.#admin.createPartitions({
      topics: [
        {
          name: topic,
          count: from + assignments.length,
          assignments: assignments.map((brokers) => ({ brokerIds: [...brokers] })),
        },
      ],
    });
  }

  async #configure({ topic, set, reset }: Extract<Step, { kind: 'configure' }>): Promise<void> {
    const { SET, DELETE } = IncrementalAlterConfigOperationTypes;
    await this.#admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: topic,
          configs: [
            ...Object.entries(set).map(([name, value]) => ({ name, value, configOperation: SET })),
            ...reset.map((name) => ({ name, configOperation: DELETE })),
          ],
        },
      ],
    });
  }
}

const alike = (a: PartitionState | undefined, b: PartitionState | undefined): boolean =>
  a?.leader === b?.leader && sameReplicas(a?.replicas ?? [], b?.replicas ?? []);

/** @param already the name of Kafka's error where there is nothing left to do */
async function unlessAlready(already: string, apply: () => Promise<void>): Promise<void> {
  try {
    await apply();
  } catch (error) {
    if (!leaves(error).some((one) => protocolName(one) === already)) throw error;
  }
}

async function viewOf(broker: number, connection: Connection): Promise<View> {
  const metadata = await metadataV12.api.async(connection, null, false, false).catch((error: unknown) => {
    // The client throws where any partition has an error, such as one that has no leader (yet).
    if (error instanceof ResponseError) return error.response as metadataV12.MetadataResponse;
    throw error;
  });
  return {
    broker,
    brokers: metadata.brokers.map(({ nodeId }) => nodeId).sort((a, b) => a - b),
    topics: new Map(
      metadata.topics.map(({ name, partitions }) => [
        name ?? '',
        partitions
          .sort((a, b) => a.partitionIndex - b.partitionIndex)
          .map(({ replicaNodes, leaderId, isrNodes }) => ({ replicas: replicaNodes, leader: leaderId, isr: isrNodes })),
      ]),
    ),
    internal: metadata.topics.flatMap(({ name, isInternal }) => (isInternal && name ? [name] : [])),
  };
}

/** DescribeCluster version 2, which the client library lacks: lists fenced brokers too. */
const describeCluster = createAPI(
  60,
  2,
  () => Writer.create().appendBoolean(false).appendInt8(1).appendBoolean(true).appendTaggedFields(),
  (_correlationId: number, _key: number, _version: number, reader: Reader): { id: number; fenced: boolean }[] => {
    reader.readInt32();
    const code = reader.readInt16();
    const message = reader.readNullableString();
    if (code !== 0) throw new Error(`describing the cluster failed: ${message} (error ${code})`);
    reader.readInt8();
    reader.readString();
    reader.readInt32();
    return reader.readArray((r) => {
      const id = r.readInt32();
      r.readString();
      r.readInt32();
      r.readNullableString();
      return { id, fenced: r.readBoolean() };
    });
  },
);

const ELECTION_NOT_NEEDED = 84;

/** ElectLeaders version 2, which the client library lacks: makes the preferred replicas leaders. */
const electLeaders = createAPI(
  43,
  2,
  (topic: string, partitions: number[], timeoutMs: number) =>
    Writer.create()
      .appendInt8(0)
      .appendArray([topic], (w, name) => {
        w.appendString(name).appendArray(partitions, (w, partition) => w.appendInt32(partition), true, false);
      })
      .appendInt32(timeoutMs)
      .appendTaggedFields(),
  (_correlationId: number, _key: number, _version: number, reader: Reader): void => {
    reader.readInt32();
    const problems: [code: number, what: string][] = [[reader.readInt16(), 'the election']];
    reader.readArray((r) => {
      const topic = r.readString();
      r.readArray((r) => {
        const partition = r.readInt32();
        problems.push([r.readInt16(), `${topic}-${partition}: ${r.readNullableString() ?? ''}`]);
      });
    });
    const failed = problems.filter(([code]) => code !== 0 && code !== ELECTION_NOT_NEEDED);
    if (failed.length > 0)
      throw new Error(`electing leaders failed: ${failed.map(([code, what]) => `${what} (error ${code})`).join(', ')}`);
  },
);
