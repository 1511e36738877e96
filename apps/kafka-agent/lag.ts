// Measures the lag of the groups that a broker coordinates, with offsets from the brokers that lead
// their partitions.
import type { Peers } from './peers.ts';
import { committedOffsets, endOffsets, listGroups, type Metadata, type Offset } from './requests.ts';

/** The lag of a group on a partition. */
export interface Lag {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Records between the committed offset and the end. */
  readonly records: number;
}

const keyOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`;

/** Reads offsets from brokers. */
export class Offsets {
  readonly #broker: number;
  readonly #peers: Peers;

  /** @param broker id of the broker beside the agent */
  constructor(broker: number, peers: Peers) {
    this.#broker = broker;
    this.#peers = peers;
  }

  /** End offsets of the partitions that this broker leads. */
  async ends({ partitions }: Metadata): Promise<readonly Offset[]> {
    return this.#peers.own.send(
      endOffsets,
      partitions.filter(({ leader }) => leader === this.#broker),
    );
  }

  /**
   * Lag of all groups that this broker coordinates. Partitions whose leader does not answer are
   * omitted.
   */
  async lags(metadata: Metadata): Promise<readonly Lag[]> {
    const { own } = this.#peers;
    const groups = await own.send(listGroups, undefined);
    const committed = await Promise.all(
      groups.map(async (group) => {
        const offsets = await own.send(committedOffsets, group);
        return offsets.map((offset) => ({ group, ...offset }));
      }),
    );
    const all = committed.flat();
    const wanted = new Set(all.map(keyOf));
    const ends = await this.#endsOf({
      ...metadata,
      partitions: metadata.partitions.filter((partition) => wanted.has(keyOf(partition))),
    });
    return all.flatMap(({ group, topic, partition, offset }) => {
      const end = ends.get(keyOf({ topic, partition }));
      return end === undefined ? [] : [{ group, topic, partition, records: Math.max(0, end - offset) }];
    });
  }

  async #endsOf({ brokers, partitions }: Metadata): Promise<ReadonlyMap<string, number>> {
    const byLeader = [...Map.groupBy(partitions, ({ leader }) => leader)];
    const responses = await Promise.all(
      byLeader.map(([leader, led]) => {
        const broker = brokers.find(({ id }) => id === leader);
        if (broker === undefined) return [];
        return this.#peers
          .to(broker)
          .send(endOffsets, led)
          .catch(() => []);
      }),
    );
    return new Map(responses.flat().map((found) => [keyOf(found), found.offset]));
  }
}
