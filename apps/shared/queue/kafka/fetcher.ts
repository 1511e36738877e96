// Reading ahead: fetches what the owned partitions hold, as long as there is room for it in memory.
import { type ClusterTopicMetadata, ConnectionPool, type fetchV17 } from '@platformatic/kafka';
import Denque from 'denque';
import type { Logger } from '../../logger.ts';
import { traceparentIn } from '../traces.ts';
import { Waiters } from '../waiters.ts';
import { clientOptions, type KafkaAddress } from './client.ts';
import { describe, hasProtocolError, leaves } from './errors.ts';
import type { KafkaMember, OwnedPartition } from './member.ts';

type FetchResponse = fetchV17.FetchResponse;

/** One message as it lies in a partition. */
export interface Fetched {
  readonly state: OwnedPartition;
  readonly offset: bigint;
  /** Epoch of the leader that appended it. */
  readonly epoch: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** When its program sent it, or Kafka appended it, as the topic is set. Milliseconds since 1970. */
  readonly at: number;
  readonly traceparent?: string | undefined;
  /**
   * No message: the record at `offset` and those before it, this many in all, were deleted unread.
   * 0 is the marker of a transaction.
   */
  readonly lost?: number | undefined;
}

export interface FetcherOptions {
  /** No further fetch while so much is waiting, bytes. */
  bufferBytes: number;
  /** The same in messages. */
  bufferRecords: number;
}

/** How long a broker holds back the answer when there is nothing new, milliseconds: also how soon a new partition is read. */
const MAX_WAIT_MS = 500;
const RETRY_MS = 250;
const FETCH_BYTES = 4 << 20;
const PARTITION_BYTES = 1 << 20;
/** Attribute of a batch whose records all have the time at which Kafka appended it. */
const APPEND_TIME = 1 << 3;
/** Attribute of a batch that says how a transaction ended; no program sends one as a message. */
const CONTROL_BATCH = 1 << 5;

export class KafkaFetcher {
  readonly #member: KafkaMember;
  readonly #options: FetcherOptions;
  readonly #logger: Logger;
  /** A fetch that waits for news would hold up heartbeats and commits on a shared connection. */
  readonly #connections: ConnectionPool;
  readonly #nodes = new Set<number>();
  /** Brokers whose last fetch failed. */
  readonly #troubled = new Set<number>();
  readonly #queue = new Denque<Fetched>();
  #bytes = 0;
  #closed = false;
  #failing = false;
  readonly #changed = new Waiters();
  readonly #done: Promise<void>;

  constructor(address: KafkaAddress, member: KafkaMember, options: FetcherOptions, logger: Logger) {
    this.#member = member;
    const { clientId, ...connection } = clientOptions(address, 'fetcher');
    this.#connections = new ConnectionPool(clientId, connection);
    this.#options = options;
    this.#logger = logger;
    this.#done = this.#run();
  }

  /** Messages that wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the next message unless it would make more than `maxBytes`; outdated ones are skipped. */
  take(maxBytes: number): Fetched | undefined {
    for (;;) {
      const next = this.#queue.peekFront();
      if (next === undefined) return undefined;
      const outdated = !this.#member.owns(next.state);
      if (!outdated && recordBytes(next) > maxBytes) return undefined;
      this.#queue.shift();
      this.#bytes -= sizeOf(next);
      if (this.#hasRoom()) this.#changed.wake();
      if (!outdated) return next;
    }
  }

  /** Resolves when something was fetched, closed, or after `ms`. */
  async change(ms: number): Promise<void> {
    if (!this.#closed) await this.#changed.wait(ms);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#changed.wake();
    await this.#connections.close();
    await this.#done;
  }

  #hasRoom(): boolean {
    return this.#bytes < this.#options.bufferBytes && this.length < this.#options.bufferRecords;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        if (this.#hasRoom()) await this.#startFetches();
        this.#failing = false;
      } catch (error) {
        if (this.#closed) return;
        if (!this.#failing) this.#logger.error({ err: describe(error) }, 'reading from Kafka failed; trying again');
        this.#failing = true;
        this.#member.consumer.clearMetadata();
        await this.#member.change(RETRY_MS);
        continue;
      }
      await Promise.race([this.#member.change(MAX_WAIT_MS), this.change(MAX_WAIT_MS)]);
    }
  }

  /** One fetch a broker, of all our partitions that it leads. */
  async #startFetches(): Promise<void> {
    const member = this.#member;
    await member.resolvePositions();
    const metadata = await member.consumer.metadata({ topics: [member.topic] });
    const topic = metadata.topics.get(member.topic)!;
    member.noticePartitions(topic.partitionsCount);
    const byNode = Map.groupBy(
      [...member.owned].filter(({ position, fetching }) => position !== undefined && !fetching),
      ({ partition }) => topic.partitions[partition]?.leader ?? -1,
    );
    for (const [node, states] of byNode) {
      if (node < 0 || this.#nodes.has(node) || this.#closed) continue;
      this.#nodes.add(node);
      for (const state of states) state.fetching = true;
      void this.#fetch(node, topic, states).finally(() => {
        this.#nodes.delete(node);
        for (const state of states) state.fetching = false;
        this.#changed.wake();
      });
    }
  }

  async #fetch(node: number, topic: ClusterTopicMetadata, states: OwnedPartition[]): Promise<void> {
    try {
      const response = await this.#member.consumer.fetch({
        node,
        connectionPool: this.#connections,
        topics: [
          {
            topicId: topic.id,
            partitions: states.map(({ partition, position, epoch }) => ({
              partition,
              fetchOffset: position!,
              partitionMaxBytes: PARTITION_BYTES,
              // A broker that does not know yet, or not any more, that it leads the partition
              // refuses.
              currentLeaderEpoch: topic.partitions[partition]!.leaderEpoch,
              // A leader whose log has other records before our position says where they begin.
              lastFetchedEpoch: epoch,
            })),
          },
        ],
        maxWaitTime: MAX_WAIT_MS,
        minBytes: 1,
        maxBytes: FETCH_BYTES,
      });
      this.#append(response, states);
      if (this.#troubled.delete(node)) this.#logger.info({ node }, 'the broker answers again');
    } catch (error) {
      if (this.#closed) return;
      if (hasProtocolError(error, 'OFFSET_OUT_OF_RANGE')) return await this.#restart(error, states);
      if (!this.#troubled.has(node)) this.#logger.warn({ node, err: describe(error) }, 'a fetch failed; trying again');
      this.#troubled.add(node);
      this.#member.consumer.clearMetadata();
      await this.#member.change(RETRY_MS);
    }
  }

  #append(response: FetchResponse, states: readonly OwnedPartition[]): void {
    for (const { partitions } of response.responses) {
      for (const { partitionIndex, records, divergingEpoch } of partitions) {
        const state = states.find(({ partition }) => partition === partitionIndex);
        // Not ours any more, or asked for by an earlier session: whoever owns it reads it again.
        if (state === undefined || !this.#member.owns(state)) continue;
        if (divergingEpoch !== undefined && divergingEpoch.endOffset >= 0n) {
          const { endOffset: offset, epoch } = divergingEpoch;
          const place = { partition: partitionIndex, position: String(state.position), cutAt: String(offset) };
          this.#logger.error(place, 'the broker has lost the end of its log; reading again from there');
          this.#member.cut(state, { offset, epoch });
          continue;
        }
        for (const batch of records ?? []) {
          const isMarker = (batch.attributes & CONTROL_BATCH) !== 0;
          const first = Number(batch.firstTimestamp);
          const appended = (batch.attributes & APPEND_TIME) === 0 ? undefined : Number(batch.maxTimestamp);
          for (const record of batch.records) {
            const offset = batch.firstOffset + BigInt(record.offsetDelta);
            if (offset < state.position!) continue;
            const at = appended ?? first + Number(record.timestampDelta);
            const { key, value } = record;
            const lost = isMarker ? 0 : undefined;
            const traceparent = record.headers.length === 0 ? undefined : traceparentIn(record.headers);
            const fetched = { state, offset, epoch: batch.partitionLeaderEpoch, key, value, at, traceparent, lost };
            this.#queue.push(fetched);
            this.#bytes += sizeOf(fetched);
          }
          const next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
          if (next <= state.position!) continue;
          state.position = next;
          state.epoch = batch.partitionLeaderEpoch;
        }
      }
    }
  }

  /**
   * Our offset is not in the log. Below its start: the records in between were deleted unread,
   * which is a loss. Beyond its end: it was cut, at an unknown place. Everything that is left is
   * read again then: a record that was stored already is recognized by its id, one that was not
   * must not be missed.
   */
  async #restart(error: unknown, states: readonly OwnedPartition[]): Promise<void> {
    const response =
      (error as { response?: FetchResponse }).response ?? (leaves(error)[0] as { response?: FetchResponse }).response;
    const failed = response?.responses.flatMap(({ partitions }) =>
      partitions.filter(({ errorCode }) => errorCode !== 0),
    );
    const hit = states.filter(
      ({ partition }) => failed === undefined || failed.some(({ partitionIndex }) => partitionIndex === partition),
    );
    const earliest = await this.#member.earliest(hit.map(({ partition }) => partition)).catch(() => undefined);
    if (earliest === undefined) return;
    for (const state of hit) {
      const start = earliest[state.partition] ?? 0n;
      const place = { partition: state.partition, offset: String(state.position), from: String(start) };
      const lost = Number(start - state.position!);
      if (lost > 0) {
        this.#queue.push({ state, offset: start - 1n, epoch: -1, key: null, value: null, at: 0, lost });
        this.#logger.error({ ...place, lost }, 'records were deleted before they were read: they are lost');
      } else this.#logger.error(place, 'the offset is not in the log any more; reading all that is left');
      state.position = start;
      state.epoch = -1;
    }
  }
}

/** What a message takes in memory, bytes. */
const sizeOf = (message: Fetched): number => (message.key?.length ?? 0) + recordBytes(message);

/** What its record takes in a batch: a record is a little shorter as BSON than as JSON. */
export const recordBytes = ({ value }: Fetched): number => value?.length ?? 0;
