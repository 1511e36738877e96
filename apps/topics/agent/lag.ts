// The lag of the groups that a broker coordinates, asked of the brokers that lead their partitions.
import { Connection } from './connection.ts';
import { committedOffsets, endOffsets, listGroups, type Metadata, type Offset } from './requests.ts';

/** What a group has not read of a partition. */
export interface Lag {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Records between what is committed and the end. */
  readonly records: number;
}

const keyOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`;

/** Asks for offsets and keeps the connections that it takes. */
export class Offsets {
  readonly #broker: number;
  readonly #own: Connection;
  readonly #others = new Map<string, Connection>();

  /** @param own connection to the broker itself */
  constructor(broker: number, own: Connection) {
    this.#broker = broker;
    this.#own = own;
  }

  /** Ends of the partitions that this broker leads. */
  async ends({ partitions }: Metadata): Promise<readonly Offset[]> {
    return this.#own.ask(
      endOffsets,
      partitions.filter(({ leader }) => leader === this.#broker),
    );
  }

  /** Lag of all groups that this broker coordinates. A partition whose leader does not answer is left out. */
  async lags(metadata: Metadata): Promise<readonly Lag[]> {
    const groups = await this.#own.ask(listGroups, undefined);
    const committed = await Promise.all(
      groups.map(async (group) => {
        const offsets = await this.#own.ask(committedOffsets, group);
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

  close(): void {
    for (const connection of this.#others.values()) connection.close();
    this.#others.clear();
  }

  async #endsOf({ brokers, partitions }: Metadata): Promise<ReadonlyMap<string, number>> {
    const byLeader = [...Map.groupBy(partitions, ({ leader }) => leader)];
    const answers = await Promise.all(
      byLeader.map(([leader, led]) => {
        const at = brokers.find(({ id }) => id === leader);
        if (at === undefined) return [];
        return this.#to(leader, at)
          .ask(endOffsets, led)
          .catch(() => []);
      }),
    );
    return new Map(answers.flat().map((found) => [keyOf(found), found.offset]));
  }

  #to(id: number, { host, port }: { host: string; port: number }): Connection {
    if (id === this.#broker) return this.#own;
    const address = `${host}:${port}`;
    const connection = this.#others.get(address) ?? new Connection(host, port);
    this.#others.set(address, connection);
    return connection;
  }
}
