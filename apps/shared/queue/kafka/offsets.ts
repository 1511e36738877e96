// How full a topic is: end offsets against what the consumer group has committed.
import { Admin } from '@platformatic/kafka';
import type { Logger } from '../../logger.ts';
import { clientOptions, type KafkaAddress } from './client.ts';
import { describe } from './errors.ts';
import { PartitionSizes } from './sizes.ts';

/** Timestamps that stand for the ends of a partition. */
export const EARLIEST = -2n;
export const LATEST = -1n;

export interface TopicDepth {
  readonly partitions: number;
  /** Sum of the end offsets: all that was ever appended. */
  readonly accepted: number;
  /** Appended and not committed by the group. */
  readonly lag: number;
  /**
   * Bytes of these as of the last sample of the log's size; undefined when the brokers do not tell
   * it.
   */
  readonly lagBytes: number | undefined;
  /** A sample was taken with this reading. */
  readonly sampled: boolean;
}

/** Where a partition begins and ends, and what the group has committed of it (-1 nothing yet). */
export interface PartitionOffsets {
  readonly start: number;
  readonly end: number;
  readonly committed: number;
}

/** Reads offsets of one topic and one group. */
export class KafkaOffsets {
  readonly #admin: Admin;
  readonly #topic: string;
  readonly #group: string;
  readonly #sampleMs: number;
  /** By partition; undefined until a broker has told them. */
  #sizes: PartitionSizes[] | undefined;
  /** First offsets as of the last sample. */
  #starts: number[] = [];
  /** End offsets as of then. */
  #sampledEnds: number[] = [];
  #sampledAt = Number.NEGATIVE_INFINITY;

  /**
   * @param options `sampleMs`: the sizes of the logs are asked for at most this often,
   * milliseconds. Default 1000.
   */
  constructor(address: KafkaAddress, topic: string, group: string, options: { sampleMs?: number } = {}) {
    this.#sampleMs = options.sampleMs ?? 1_000;
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
    const sampledAt = this.#sampledAt;
    const partitions = await this.read();
    const accepted = partitions.reduce((sum, { end }) => sum + end, 0);
    // What was deleted unread is lost, and a commit beyond the end is void: neither waits.
    const waiting = partitions.map(({ start, end, committed }) => ({
      from: Math.min(end, Math.max(committed, start)),
      end,
    }));
    const lag = waiting.reduce((sum, { from, end }) => sum + end - from, 0);
    const sizes = this.#sizes;
    const lagBytes =
      sizes && waiting.reduce((sum, { from }, p) => sum + (sizes[p]?.between(from, this.#sampledEnds[p]!) ?? 0), 0);
    return { partitions: partitions.length, accepted, lag, lagBytes, sampled: sampledAt !== this.#sampledAt };
  }

  /**
   * The offsets of all partitions, by partition; samples their sizes and first offsets when it is
   * time.
   */
  async read(): Promise<PartitionOffsets[]> {
    const count = await this.partitions();
    const committed = await this.#committed(count);
    const samples = this.#sampleMs < Number.POSITIVE_INFINITY;
    const due = !samples || this.#starts.length < count || performance.now() - this.#sampledAt >= this.#sampleMs;
    if (due) this.#starts = await this.offsets(count, EARLIEST);
    const ends = await this.offsets(count, LATEST);
    const partitions = ends.map((end, p) => ({ start: this.#starts[p]!, end, committed: committed[p]! }));
    if (due && samples) await this.#sample(partitions);
    return partitions;
  }

  /** The offset from which on a partition has as many bytes; 0 when its size is not known. */
  offsetBefore(partition: number, end: number, bytes: number): number {
    return Math.floor(this.#sizes?.[partition]?.offsetBefore(end, bytes) ?? 0);
  }

  /** Deletes all records below an offset, by partition. */
  async deleteBefore(offsets: ReadonlyMap<number, number>): Promise<void> {
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: BigInt(offset) }));
    if (partitions.length > 0) await this.#admin.deleteRecords({ topics: [{ name: this.#topic, partitions }] });
  }

  async #sample(partitions: readonly PartitionOffsets[]): Promise<void> {
    this.#sampledAt = performance.now();
    this.#sampledEnds = partitions.map(({ end }) => end);
    const asked = { name: this.#topic, partitions: partitions.map((_, partition) => partition) };
    try {
      const logs = await this.#admin.describeLogDirs({ topics: [asked] });
      const bytes = new Array<number>(partitions.length).fill(0);
      for (const { partitionIndex, partitionSize } of logs
        .flatMap(({ results }) => results)
        .flatMap(({ topics }) => topics)
        .flatMap((topic) => topic.partitions))
        bytes[partitionIndex] = Math.max(bytes[partitionIndex]!, Number(partitionSize));
      this.#sizes ??= [];
      for (const [p, { start, end }] of partitions.entries())
        (this.#sizes[p] ??= new PartitionSizes()).sample(start, end, bytes[p]!);
    } catch {
      // One broker is away, or none may be asked: the samples so far, or a mean, must do.
    }
  }

  /**
   * One offset a partition.
   * @param timestamp EARLIEST, LATEST, or milliseconds since 1970: the first record from then on,
   * -1 where there is none
   */
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
  readonly #pending = { records: 0, bytes: 0 };
  /**
   * Confirmed to this process since the depth was read, and their bytes since sizes were sampled:
   * it does not know of them.
   */
  readonly #since = { records: 0, bytes: 0 };
  /** Sent by this process, ever: a mean where the brokers do not tell sizes. */
  readonly #sent = { records: 0, bytes: 0 };
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
    return (this.#depth?.lag ?? 0) + this.#pending.records + this.#since.records;
  }

  /** The same in bytes of messages. */
  get lagBytes(): number {
    const { lag = 0, lagBytes = lag * (this.#sent.bytes / Math.max(1, this.#sent.records)) } = this.#depth ?? {};
    return lagBytes + this.#pending.bytes + this.#since.bytes;
  }

  /** Counts records that are about to be sent. @returns to be called at the end: were they (perhaps) stored? */
  begin(records: number, bytes: number): (stored: boolean) => void {
    add(this.#pending, records, bytes);
    if (this.#idle) this.#wake();
    return (stored) => {
      add(this.#pending, -records, -bytes);
      if (!stored) return;
      add(this.#since, records, bytes);
      add(this.#sent, records, bytes);
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
    const before = { ...this.#since };
    const last = this.#depth;
    try {
      const depth = await this.#offsets.depth();
      this.#depth = depth;
      add(this.#since, -before.records, depth.sampled ? -before.bytes : 0);
      const mine = this.#pending.records + this.#since.records;
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

function add(sum: { records: number; bytes: number }, records: number, bytes: number): void {
  sum.records += records;
  sum.bytes += bytes;
}
