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
  type Reader,
  unregisterBrokerV0,
  Writer,
} from '@platformatic/kafka';
import { clientOptions, type KafkaAddress } from '../shared/queue/kafka-client.ts';
import type { Observed, ObservedTopic, Step } from './plan.ts';

const TIMEOUT_MS = 30_000;

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

  /** Ids of the brokers that are there. */
  async brokers(): Promise<number[]> {
    const metadata = await this.#admin.metadata({ topics: [], forceUpdate: true });
    return [...metadata.brokers.keys()].sort((a, b) => a - b);
  }

  /** Brokers that the controllers list; a fenced one is not there. */
  async registered(): Promise<{ id: number; fenced: boolean }[]> {
    return describeCluster.async(await this.#connection());
  }

  /** Takes a broker that is gone off that list. */
  async unregister(id: number): Promise<void> {
    await unregisterBrokerV0.api.async(await this.#connection(), id);
  }

  /** Where the partitions of a topic are, by what any one broker knows. */
  async partitions(topic: string): Promise<ObservedTopic['partitions']> {
    const { topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true });
    return (topics.get(topic)?.partitions ?? []).map(({ replicas, leader, isr }) => ({ replicas, leader, isr }));
  }

  /** What is there of all topics. */
  async observe(): Promise<Observed> {
    const names = await this.#admin.listTopics();
    const configs = await this.#configs(names);
    const topics: Record<string, ObservedTopic> = {};
    for (const name of names)
      topics[name] = { partitions: await this.partitions(name), config: configs.get(name) ?? {} };
    return { brokers: await this.brokers(), topics };
  }

  /** Partitions that are on the move. */
  async moving(): Promise<string[]> {
    const connection = await this.#connection();
    const { topics } = await listPartitionReassignmentsV0.api.async(connection, TIMEOUT_MS, null);
    return topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => `${name}-${partitionIndex}`),
    );
  }

  /** Does a step; a move is only begun. */
  async apply(step: Step): Promise<void> {
    switch (step.kind) {
      case 'create':
        await this.#admin.createTopics({
          topics: [
            {
              topic: step.topic,
              assignments: step.assignments.map((brokers, partition) => ({ partition, brokers: [...brokers] })),
            },
          ],
          configs: Object.entries(step.config).map(([name, value]) => ({ name, value })),
        });
        return;
      case 'config':
        await this.#configure(step);
        return;
      case 'grow': {
        const assignments = step.assignments.map((brokers) => ({ brokerIds: [...brokers] }));
        await this.#admin.createPartitions({
          topics: [{ name: step.topic, count: step.from + assignments.length, assignments }],
        });
        return;
      }
      case 'move': {
        const partitions = [{ partitionIndex: step.partition, replicas: [...step.to] }];
        const topics = [{ name: step.topic, partitions }];
        await alterPartitionReassignmentsV0.api.async(await this.#connection(), TIMEOUT_MS, true, topics);
        return;
      }
      case 'elect':
        await electLeaders.async(await this.#connection(), step.topic, step.partitions, TIMEOUT_MS);
        return;
    }
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }

  /** Any broker that answers: it passes on what is the controller's. */
  async #connection(): Promise<Connection> {
    const errors: unknown[] = [];
    for (const id of await this.brokers()) {
      const connected = await this.#admin.connectToBrokers([id]).catch((error: unknown) => void errors.push(error));
      const connection = connected?.get(id);
      if (connection !== undefined) return connection;
    }
    throw new AggregateError(errors, 'no broker answers');
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

  async #configure({ topic, set, reset }: Extract<Step, { kind: 'config' }>): Promise<void> {
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
