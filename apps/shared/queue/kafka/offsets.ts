// How full a topic is: end offsets against what the consumer group has committed.
import { Admin } from '@platformatic/kafka';
import type { Logger } from '../../logger.ts';
import { clientOptions, type KafkaAddress } from './client.ts';
import { describe } from './errors.ts';

const EARLIEST = -2n;
const LATEST = -1n;

export interface TopicDepth {
  readonly partitions: number;
  /** Sum of the end offsets: all that was ever appended. */
  readonly accepted: number;
  /** Appended and not committed by the group. */
  readonly lag: number;
}

/** Reads offsets of one topic and one group. */
export class KafkaOffsets {
  readonly #admin: Admin;
  readonly #topic: string;
  readonly #group: string;

  constructor(address: KafkaAddress, topic: string, group: string) {
    this.#admin = new Admin({ ...clientOptions(address, 'offsets'), retries: 1, retryDelay: 100 });
    this.#topic = topic;
    this.#group = group;
  }

  /** Partitions of the topic. @throws when it does not exist or no broker answers */
  async partitions(): Promise<number> {
    const metadata = await this.#admin.metadata({ topics: [this.#topic] });
    return metadata.topics.get(this.#topic)?.partitionsCount ?? 0;
  }

  /** Exact when nothing moves; while something moves, the lag is rather too large than too small. */
  async depth(): Promise<TopicDepth> {
    const partitions = await this.partitions();
    const committed = await this.#committed(partitions);
    const ends = await this.offsets(partitions, LATEST);
    // What retention removed before anybody read it is not waiting any more.
    const starts = committed.includes(-1) ? await this.offsets(partitions, EARLIEST) : [];
    const lag = ends.reduce((sum, end, p) => sum + end - (committed[p] === -1 ? starts[p]! : committed[p]!), 0);
    return { partitions, accepted: ends.reduce((sum, end) => sum + end, 0), lag };
  }

  /** One offset a partition. @param timestamp -1 the end, -2 the beginning */
  async offsets(partitions: number, timestamp: bigint): Promise<number[]> {
    const indexes = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
    const listed = await this.#admin.listOffsets({ topics: [{ name: this.#topic, partitions: indexes }] });
    const offsets = new Array<number>(partitions).fill(0);
    for (const { partitionIndex, offset } of listed[0]?.partitions ?? []) offsets[partitionIndex] = Number(offset);
    return offsets;
  }

  async #committed(partitions: number): Promise<number[]> {
    const partitionIndexes = Array.from({ length: partitions }, (_, i) => i);
    const groups = await this.#admin.listConsumerGroupOffsets({
      groups: [{ groupId: this.#group, topics: [{ name: this.#topic, partitionIndexes }] }],
    });
    const offsets = new Array<number>(partitions).fill(-1);
    for (const { partitionIndex, committedOffset } of groups[0]?.topics[0]?.partitions ?? [])
      offsets[partitionIndex] = Number(committedOffset);
    return offsets;
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }
}

/** Pause between two readings while nothing moves, milliseconds: every API process asks every partition's leader. */
const IDLE_REFRESH_MS = 1_000;

/**
 * Keeps the depth fresh in the background, so that accepting needs no round trip to know whether there is room. It looks less often
 * while nothing moves, and at once when something begins to.
 */
export class DepthMonitor {
  readonly #offsets: KafkaOffsets;
  readonly #logger: Logger;
  readonly #refreshMs: number;
  #depth: TopicDepth | undefined;
  /** Being sent by this process. */
  #pending = 0;
  /** Confirmed to this process since the depth was read: it does not know of them. */
  #since = 0;
  #healthyAt = 0;
  /** Nothing had moved between the last two readings, and nobody has begun to add since. */
  #idle = false;
  /** Until the next reading; a reading that is due at once does not make the last one older. */
  #pauseMs: number;
  #failing = false;
  #trouble = '';
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param refreshMs pause between two readings while records move */
  constructor(offsets: KafkaOffsets, logger: Logger, refreshMs = 200) {
    this.#offsets = offsets;
    this.#logger = logger;
    this.#refreshMs = refreshMs;
    this.#pauseMs = refreshMs;
  }

  /** Reads the depth for the first time and goes on. @throws when Kafka does not answer within `timeoutMs` */
  async start(timeoutMs = 10_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await this.#refresh()))
      if (performance.now() > deadline) throw new Error(`the queue cannot be used: ${this.#trouble}`);
      else await new Promise((resolve) => setTimeout(resolve, this.#refreshMs));
    this.#schedule();
  }

  get partitions(): number {
    return this.#depth?.partitions ?? 0;
  }

  /** Kafka answered not long ago. */
  get healthy(): boolean {
    return performance.now() - this.#healthyAt < 1_500 + this.#pauseMs;
  }

  /** The last lag known, and what this process has added and is adding since. What others add is seen with the next reading. */
  get lag(): number {
    return (this.#depth?.lag ?? 0) + this.#pending + this.#since;
  }

  /** Counts records that are about to be sent. @returns to be called at the end: were they (perhaps) stored? */
  begin(records: number): (stored: boolean) => void {
    this.#pending += records;
    if (this.#idle) this.#wake();
    return (stored) => {
      this.#pending -= records;
      if (stored) this.#since += records;
    };
  }

  /** A send was confirmed, which is as good a sign of life. */
  sawLife(): void {
    this.#healthyAt = performance.now();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(pauseMs = this.#pauseMs): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#refresh().finally(() => this.#schedule());
    }, pauseMs);
  }

  #wake(): void {
    this.#idle = false;
    if (this.#timer === undefined) return; // it is being read
    clearTimeout(this.#timer);
    this.#schedule(0);
  }

  async #refresh(): Promise<boolean> {
    const before = this.#since;
    const last = this.#depth;
    try {
      const depth = await this.#offsets.depth();
      this.#depth = depth;
      this.#since -= before;
      const mine = this.#pending + this.#since;
      this.#idle = mine === 0 && depth.accepted === last?.accepted && depth.lag === last.lag;
      this.#pauseMs = this.#idle ? IDLE_REFRESH_MS : this.#refreshMs;
      this.#healthyAt = performance.now();
      if (this.#failing) this.#logger.info('Kafka answers again');
      this.#failing = false;
    } catch (error) {
      if (this.#closed) return false;
      this.#idle = false;
      this.#pauseMs = this.#refreshMs;
      this.#trouble = describe(error);
      if (!this.#failing) this.#logger.error({ err: this.#trouble }, 'could not read the offsets; trying again');
      this.#failing = true;
    }
    return !this.#failing;
  }
}
