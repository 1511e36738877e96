// Membership in the consumer group: which partitions are ours, from where to read them, and what
// was acknowledged.
//
// The library's message stream is not used (decision 31); its group protocol, fetch and commit are.
import { Admin, FetchIsolationLevels, ListOffsetTimestamps } from '@platformatic/kafka';
import type { Logger } from '../../logger.ts';
import { Waiters } from '../waiters.ts';
import { clientOptions, type KafkaAddress } from './client.ts';
import { describe, hasProtocolError } from './errors.ts';
import { GroupConsumer } from './group-consumer.ts';

/**
 * A partition while it is ours without interruption; owned anew it is another object, so that whatever belongs to the
 * old one is recognized as outdated by identity.
 */
export interface OwnedPartition {
  readonly partition: number;
  /** Next offset to read; undefined until it is known what the group has committed. */
  position: bigint | undefined;
  /**
   * Leader epoch of the record before `position`, by which its leader can tell that the log was
   * cut; -1 unknown.
   */
  epoch: number;
  /** Where its log was cut: what the group has committed beyond that is void. */
  readonly cutAt: Place | undefined;
  /** A fetch is under way. */
  fetching: boolean;
  /** Offsets below were delivered by this process before. */
  readonly deliveredBefore: bigint;
}

/**
 * Where reading goes on in a partition, and how its leader can tell whether that is still right.
 */
export interface Place {
  readonly offset: bigint;
  /** Leader epoch of the record before it; -1 unknown. */
  readonly epoch: number;
}

export interface MemberOptions {
  topic: string;
  group: string;
  /** A member that was silent for so long has its partitions given to others, milliseconds. */
  sessionTimeoutMs: number;
  heartbeatMs: number;
}

const JOIN_ERRORS = [
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
  'MEMBER_ID_REQUIRED',
];
const RETRY_MS = 250;
const COMMIT_PATIENCE_MS = 20_000;

export class KafkaMember {
  readonly consumer: GroupConsumer;
  readonly topic: string;
  readonly #admin: Admin;
  readonly #group: string;
  readonly #logger: Logger;
  readonly #owned = new Map<number, OwnedPartition>();
  /** By partition: the offset after the last one that was delivered here, ever. */
  readonly #delivered = new Map<number, bigint>();
  #generation = -1;
  #memberId: string | null = null;
  #knownPartitions = 0;
  #joining = false;
  #closed = false;
  readonly #changed = new Waiters();

  constructor(address: KafkaAddress, options: MemberOptions, logger: Logger) {
    this.topic = options.topic;
    this.#group = options.group;
    this.#admin = new Admin({ ...clientOptions(address, 'reader'), retries: 0 });
    this.#logger = logger;
    this.consumer = new GroupConsumer({
      ...clientOptions(address, 'reader'),
      groupId: options.group,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: Math.max(10_000, options.sessionTimeoutMs),
      heartbeatInterval: options.heartbeatMs,
      // While a group settles, the coordinator holds back the answer to JoinGroup.
      requestTimeout: 15_000,
      autocommit: false,
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
      // Every operation is tried once; the loops here decide what is worth another try.
      retries: 0,
    });
    this.consumer.topics.track(options.topic);
    this.consumer.on('consumer:group:join', ({ generationId, memberId, assignments }) =>
      this.#onJoin(
        generationId ?? -1,
        memberId,
        (assignments ?? []).filter(({ topic }) => topic === this.topic).flatMap(({ partitions }) => partitions),
      ),
    );
    // A rejoin that failed: the library gives up on the group here.
    this.consumer.on('error', (error) => {
      this.#logger.warn({ err: describe(error) }, 'could not join the group again; trying on');
      this.join();
    });
  }

  /** The partitions that are ours now. */
  get owned(): Iterable<OwnedPartition> {
    return this.#owned.values();
  }

  owns(state: OwnedPartition): boolean {
    return this.#owned.get(state.partition) === state;
  }

  /** Joins the group, however long it takes; returns at once. */
  join(): void {
    if (this.#joining || this.#closed) return;
    this.#joining = true;
    void this.#joinUntilDone().finally(() => {
      this.#joining = false;
    });
  }

  /** Resolves when the partitions change, or after `ms`. */
  change(ms: number): Promise<void> {
    return this.#changed.wait(ms);
  }

  /** Notes what was delivered, so that a later delivery is known as such. */
  delivered(partition: number, offset: bigint): void {
    if (offset >= (this.#delivered.get(partition) ?? 0n)) this.#delivered.set(partition, offset + 1n);
  }

  /** Finds out where to begin in partitions that are new to us. @throws when Kafka does not say */
  async resolvePositions(): Promise<void> {
    const unknown = [...this.#owned.values()].filter(({ position }) => position === undefined);
    if (unknown.length === 0) return;
    const committed = await this.#committed(unknown.map(({ partition }) => partition));
    const fresh = unknown.filter(({ partition }) => !committed.has(partition));
    const earliest = fresh.length === 0 ? [] : await this.earliest(fresh.map(({ partition }) => partition));
    // Where the group began is committed at once: what is deleted from there on, before anything is
    // acknowledged, is noticed as a loss.
    if (fresh.length > 0)
      await this.commit(new Map(fresh.map((state) => [state, { offset: earliest[state.partition] ?? 0n, epoch: -1 }])));
    for (const state of unknown) {
      let place = committed.get(state.partition) ?? { offset: earliest[state.partition] ?? 0n, epoch: -1 };
      if (state.cutAt !== undefined && place.offset > state.cutAt.offset) {
        place = state.cutAt;
        await this.commit(new Map([[state, place]]));
      }
      state.epoch = place.epoch;
      state.position = place.offset;
    }
  }

  /** What the group has committed, by partition; the library's own call leaves out the epochs. */
  async #committed(partitionIndexes: number[]): Promise<Map<number, Place>> {
    const topics = [{ name: this.topic, partitionIndexes }];
    const groups = await this.#admin.listConsumerGroupOffsets({ groups: [{ groupId: this.#group, topics }] });
    const found = new Map<number, Place>();
    for (const { partitionIndex, committedOffset, committedLeaderEpoch } of groups[0]?.topics[0]?.partitions ?? [])
      if (committedOffset >= 0n) found.set(partitionIndex, { offset: committedOffset, epoch: committedLeaderEpoch });
    return found;
  }

  /** Forgets how far these were read: they are delivered again from what the group has committed. */
  rewind(states: Iterable<OwnedPartition>): void {
    for (const state of states) if (this.owns(state)) this.#own(state.partition);
    this.#changed.wake();
  }

  /**
   * The log was cut below our position, and its offsets from there on belong to other records now.
   * Batches that are under way can't be committed any more; the partition is read again from the
   * cut, or from the commit if that is lower.
   */
  cut(state: OwnedPartition, at: Place): void {
    if (!this.owns(state)) return;
    if (at.offset < (this.#delivered.get(state.partition) ?? 0n)) this.#delivered.set(state.partition, at.offset);
    this.#own(state.partition, at);
    this.#changed.wake();
  }

  /** The offsets that partitions begin with, by partition. */
  async earliest(partitions: number[]): Promise<bigint[]> {
    const offsets = await this.consumer.listOffsets({
      topics: [this.topic],
      partitions: { [this.topic]: partitions },
      timestamp: ListOffsetTimestamps.EARLIEST,
    });
    return offsets.get(this.topic) ?? [];
  }

  /** Joins again when the topic has grown: whoever leads the group then shares out the new partitions. */
  noticePartitions(count: number): void {
    if (this.#knownPartitions !== 0 && count > this.#knownPartitions) this.join();
    this.#knownPartitions = count;
  }

  /**
   * Commits what is still ours; what is not any more belongs to others, who get it again.
   * @param places where to go on reading in each partition
   * @throws when Kafka takes no commit for 20 s
   */
  async commit(places: ReadonlyMap<OwnedPartition, Place>): Promise<void> {
    const deadline = performance.now() + COMMIT_PATIENCE_MS;
    for (let failures = 0; ; ) {
      const ours = [...places].filter(([state]) => this.owns(state));
      if (ours.length === 0) return;
      try {
        await this.consumer.commit({
          offsets: ours.map(([{ partition }, { offset, epoch }]) => ({
            topic: this.topic,
            partition,
            offset,
            leaderEpoch: epoch,
          })),
        });
        return;
      } catch (error) {
        if (this.#closed || performance.now() > deadline) throw error;
        // In a rebalance: afterwards the partitions are ours still, and we try again, or they are not.
        if (!hasProtocolError(error, ...JOIN_ERRORS) && failures++ === 0)
          this.#logger.warn({ err: describe(error) }, 'could not commit; trying again');
        await this.change(RETRY_MS);
      }
    }
  }

  /** Leaves the group, so that others take over at once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#owned.clear();
    this.#changed.wake();
    try {
      await Promise.all([this.consumer.close(true), this.#admin.close()]);
    } catch (error) {
      this.#logger.warn({ err: describe(error) }, 'could not leave the group; the others wait for its session to end');
    }
  }

  async #joinUntilDone(): Promise<void> {
    for (let failures = 0; !this.#closed; failures++) {
      try {
        await this.consumer.joinGroup({});
        return;
      } catch (error) {
        if (this.#closed) return;
        if (failures === 0) this.#logger.warn({ err: describe(error) }, 'could not join the group; trying again');
        this.consumer.clearMetadata();
        await this.change(Math.min(RETRY_MS * 2 ** Math.min(failures, 3), 2_000));
      }
    }
  }

  #own(partition: number, cutAt?: Place): void {
    const deliveredBefore = this.#delivered.get(partition) ?? 0n;
    this.#owned.set(partition, { partition, position: undefined, epoch: -1, cutAt, fetching: false, deliveredBefore });
  }

  #onJoin(generation: number, memberId: string | null, partitions: readonly number[]): void {
    if (this.#closed) return;
    // Nobody else can have owned a partition that was ours in the generation before: it goes on where it is.
    const uninterrupted = generation === this.#generation + 1 && memberId === this.#memberId;
    const sameGeneration = generation === this.#generation && memberId === this.#memberId;
    this.#generation = generation;
    this.#memberId = memberId;
    const before = new Map(this.#owned);
    this.#owned.clear();
    for (const partition of partitions) {
      const kept = uninterrupted || sameGeneration ? before.get(partition) : undefined;
      if (kept === undefined) this.#own(partition);
      else this.#owned.set(partition, kept);
    }
    this.#logger.info({ generation, partitions }, 'joined the group');
    this.#changed.wake();
  }
}
