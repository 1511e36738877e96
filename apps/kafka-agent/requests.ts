// The agent's requests, each in a version that every Kafka from 4.0 on supports.
import type { Decoder } from './codec.ts';
import type { Api } from './connection.ts';

export interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** -1: none, the partition is offline. */
  readonly leader: number;
  readonly replicas: readonly number[];
  /** Replicas in sync. */
  readonly isr: readonly number[];
}

export interface Metadata {
  /** Brokers that are available, according to the controller. */
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  /** Partitions of all topics, including Kafka's own. */
  readonly partitions: readonly Partition[];
}

/** All brokers and partitions, as the receiving broker knows them. */
export const metadata: Api<undefined, Metadata> = {
  key: 3,
  version: 4,
  flexible: false,
  write: (body) => void body.nullArray().int8(0),
  read: (body) => {
    body.int32(); // throttle time
    const brokers = body.array(() => {
      const broker = { id: body.int32(), host: body.string(), port: body.int32() };
      body.string(); // rack
      return broker;
    });
    body.string(); // cluster id
    body.int32(); // controller
    const partitions = body.array(() => {
      body.int16(); // error of the topic, which then has no partitions
      const topic = body.string();
      body.int8(); // internal
      return body.array((): Partition => {
        body.int16(); // error of the partition, which its leader shows
        return {
          topic,
          partition: body.int32(),
          leader: body.int32(),
          replicas: body.array(() => body.int32()),
          isr: body.array(() => body.int32()),
        };
      });
    });
    return { brokers, partitions: partitions.flat() };
  },
};

/** A copy of the cluster's metadata. */
export interface QuorumReplica {
  readonly id: number;
  /** When it last had caught up with the leader, by the leader's clock, milliseconds. */
  readonly caughtUpAt: number;
}

export interface Quorum {
  /** Id of the leading controller. */
  readonly leader: number;
  readonly voters: readonly QuorumReplica[];
  /** Brokers that are not controllers. */
  readonly observers: readonly QuorumReplica[];
}

const METADATA_TOPIC = '__cluster_metadata';

/**
 * The controllers' quorum. The broker forwards the request, so a response means that it reaches the
 * leading controller.
 */
export const quorum: Api<undefined, Quorum> = {
  key: 55,
  version: 1,
  flexible: true,
  write: (body) =>
    void body.compactLength(1).compactString(METADATA_TOPIC).compactLength(1).int32(0).noTags().noTags().noTags(),
  read: (body) => {
    assertNoError(body.int16(), 'the quorum');
    const replicas = () =>
      body.compactArray((): QuorumReplica => {
        const id = body.int32();
        body.int64(); // end of its log
        body.int64(); // last fetch
        const caughtUpAt = body.int64();
        body.tags();
        return { id, caughtUpAt };
      });
    const [found] = body
      .compactArray(() => {
        body.compactString();
        const partitions = body.compactArray(() => {
          body.int32(); // partition
          assertNoError(body.int16(), 'the quorum');
          const leader = body.int32();
          body.int32(); // epoch
          body.int64(); // high watermark
          const described = { leader, voters: replicas(), observers: replicas() };
          body.tags();
          return described;
        });
        body.tags();
        return partitions;
      })
      .flat();
    if (found === undefined) throw new Error('the response does not describe the quorum');
    return found;
  },
};

/** Names of the groups that the broker coordinates. */
export const listGroups: Api<undefined, readonly string[]> = {
  key: 16,
  version: 0,
  flexible: false,
  write: () => {},
  read: (body) => {
    assertNoError(body.int16(), 'the groups');
    return body.array(() => {
      const name = body.string();
      body.string(); // protocol
      return name;
    });
  },
};

/** An offset in a partition. */
export interface Offset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** The committed offsets of a group. Only its coordinator knows them. */
export const committedOffsets: Api<string, readonly Offset[]> = {
  key: 9,
  version: 2,
  flexible: false,
  write: (body, group) => void body.string(group).nullArray(),
  read: (body) => {
    const offsets = offsetsByTopic(body, () => {
      const partition = body.int32();
      const offset = body.int64();
      body.string(); // metadata of the client
      return body.int16() === 0 ? { partition, offset } : undefined;
    });
    assertNoError(body.int16(), 'the offsets');
    return offsets.filter(({ offset }) => offset >= 0);
  },
};

/** The end offsets of partitions. Only their leader knows them. */
export const endOffsets: Api<readonly Pick<Partition, 'topic' | 'partition'>[], readonly Offset[]> = {
  key: 2,
  version: 1,
  flexible: false,
  write: (body, partitions) => {
    const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
    body.int32(-1).array([...byTopic], ([topic, of]) => {
      body.string(topic).array(of, ({ partition }) => body.int32(partition).int64(-1n));
    });
  },
  read: (body) =>
    offsetsByTopic(body, () => {
      const partition = body.int32();
      const error = body.int16();
      body.int64(); // time
      const offset = body.int64();
      return error === 0 ? { partition, offset } : undefined;
    }),
};

/** @param read decodes one partition; undefined if it has an error instead of an offset */
const offsetsByTopic = (
  body: Decoder,
  read: () => Pick<Offset, 'partition' | 'offset'> | undefined,
): readonly Offset[] =>
  body
    .array(() => {
      const topic = body.string();
      return body.array(() => {
        const found = read();
        return found === undefined ? [] : [{ topic, ...found }];
      });
    })
    .flat(2);

function assertNoError(code: number, what: string): void {
  if (code !== 0) throw new Error(`${what}: Kafka returned error ${code}`);
}
