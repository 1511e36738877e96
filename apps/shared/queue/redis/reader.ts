// Delivering records from Redis Streams: fresh groups in batches, and those that a dead consumer
// left behind.
//
// What is read ahead are the entries of the stream, which are small and say how large their groups
// are. The records themselves are fetched for one batch at a time, so that memory holds what
// `batchBytes` allows.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { groupKey } from '../../cache.ts';
import { Documents } from '../../group.ts';
import type { Logger } from '../../logger.ts';
import { encodeRecord } from '../../record.ts';
import { redisReady } from '../../redis.ts';
import type { Batch, BatchLimits, QueueReader, Refusal } from '../queue.ts';
import type { QueueKeys } from './keys.ts';
import { LegacyStream } from './legacy.ts';
import type { ScriptedRedis } from './scripts.ts';

export interface RedisReaderOptions extends BatchLimits {
  /** Entries of a consumer that was silent for so long are taken over, milliseconds. */
  claimIdleMs: number;
  /** How long a record stays readable in the cache once it is stored, seconds. */
  cacheTtlSeconds: number;
}

/** An entry of the stream. */
interface Entry {
  readonly id: string;
  readonly key: string;
  readonly records: number;
  readonly bytes: number;
  readonly redelivered: boolean;
  /** See keys.ts. */
  readonly traces: string | undefined;
}

type RawEntry = [id: string, fields: string[] | null];

interface Letter {
  /** The place of its group in the batch, from 1. */
  readonly place: number;
  readonly text: string | Buffer;
  readonly reason: string;
}

/**
 * How long one blocking read waits for entries, milliseconds; closing waits no longer than this
 * either.
 */
const BLOCK_MS = 500;
/** Entries that wait to be part of a batch, at most. */
const READ_AHEAD = 256;
/** Entries of dead consumers that are claimed at once. */
const CLAIM = 16;

export class RedisReader implements QueueReader {
  readonly #blocking: ScriptedRedis;
  readonly #commands: ScriptedRedis;
  readonly #keys: QueueKeys;
  readonly #options: RedisReaderOptions;
  readonly #logger: Logger;
  readonly #consumer = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  readonly #legacy: LegacyStream;
  readonly #heartbeat: NodeJS.Timeout;
  /** Read and not yet part of a batch. */
  #waiting: Entry[] = [];
  /** Entries of batches that were handed out and are not acknowledged. */
  readonly #handedOut = new Set<readonly Entry[]>();
  /** Of the entries that were read last; at first a guess that takes few. */
  #mean = { records: 100, bytes: 100_000 };
  #nextClaimAt = 0;
  #closed = false;
  #ahead: Promise<Batch | undefined> | undefined;

  /** @param redis blocking reads keep a connection of their own */
  constructor(
    redis: { blocking: ScriptedRedis; commands: ScriptedRedis },
    keys: QueueKeys,
    options: RedisReaderOptions,
    logger: Logger,
  ) {
    this.#blocking = redis.blocking;
    this.#commands = redis.commands;
    this.#keys = keys;
    this.#options = options;
    this.#logger = logger;
    this.#legacy = new LegacyStream(redis.commands, keys, this.#consumer, options.claimIdleMs, logger);
    // Being slow is not being dead: as long as this process lives, its entries stay fresh and
    // no other consumer claims them.
    this.#heartbeat = setInterval(() => {
      this.#claimOwn().catch((error: Error) =>
        logger.warn({ err: error.message }, 'could not refresh the pending entries'),
      );
    }, options.claimIdleMs / 3);
  }

  async next(): Promise<Batch | undefined> {
    const current = this.#ahead ?? this.#produce();
    const batch = await current;
    // While the caller stores this batch, the next one is read.
    this.#ahead = batch === undefined ? undefined : this.#produce();
    return batch;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    this.#blocking.disconnect();
    await this.#ahead?.catch(() => undefined);
    // The next consumer need not wait until these entries look abandoned: a high idle time frees
    // them now.
    if (this.#commands.status === 'ready')
      await this.#claimOwn('IDLE', String(this.#options.claimIdleMs * 2)).catch(() => undefined);
    this.#commands.disconnect();
  }

  #idsInHand(): string[] {
    return [...this.#handedOut, this.#waiting].flat().map(({ id }) => id);
  }

  /** Claims what this consumer has for itself, which sets its idle time. */
  async #claimOwn(...idle: string[]): Promise<void> {
    const { stream, group } = this.#keys;
    const ids = this.#idsInHand();
    if (ids.length > 0)
      await this.#commands.call('XCLAIM', stream, group, this.#consumer, '0', ...ids, ...idle, 'JUSTID');
  }

  async #produce(): Promise<Batch | undefined> {
    for (let failures = 0; !this.#closed; ) {
      try {
        await this.#gather();
        if (this.#closed) return undefined;
        const entries = this.#cut();
        if (entries.length === 0) continue;
        this.#handedOut.add(entries);
        try {
          return await this.#toBatch(entries);
        } catch (error) {
          this.#handedOut.delete(entries);
          this.#waiting.unshift(...entries);
          throw error;
        }
      } catch (error) {
        if (this.#closed) return undefined;
        if (failures++ === 0)
          this.#logger.error({ err: (error as Error).message }, 'reading the stream failed; trying again');
        await sleep(Math.min(100 * 2 ** Math.min(failures, 5), 2_000));
        await Promise.all([redisReady(this.#blocking), redisReady(this.#commands)]).catch(() => undefined);
        // Redis may have come back without the group (an emptied server): make it again.
        await openStream(this.#commands, this.#keys).catch(() => undefined);
      }
    }
    return undefined;
  }

  /** Reads until a batch is full, or its first entry has waited long enough. */
  async #gather(): Promise<void> {
    const { claimIdleMs, flushIntervalMs } = this.#options;
    let deadline = Number.POSITIVE_INFINITY;
    for (let wanted = this.#wanted(); wanted > 0 && !this.#closed; wanted = this.#wanted()) {
      const now = performance.now();
      if (now >= this.#nextClaimAt) {
        await this.#legacy.adopt();
        await this.#claim();
        this.#nextClaimAt = performance.now() + claimIdleMs / 2;
        continue;
      }
      if (this.#waiting.length > 0) deadline = Math.min(deadline, now + flushIntervalMs);
      const left = deadline - now;
      if (left <= 0) return;
      await this.#read(wanted, Math.max(1, Math.min(BLOCK_MS, Math.ceil(left))));
    }
  }

  /**
   * Entries that a batch lacks, as far as one can tell from the last ones; 0 when it is full. What
   * is left is for the other consumers.
   */
  #wanted(): number {
    const { batchSize, batchBytes } = this.#options;
    let [records, bytes] = [0, 0];
    for (const entry of this.#waiting) {
      records += entry.records;
      bytes += entry.bytes;
    }
    if (records >= batchSize || bytes >= batchBytes) return 0;
    const missing = Math.min((batchSize - records) / this.#mean.records, (batchBytes - bytes) / this.#mean.bytes);
    return Math.max(0, Math.min(Math.ceil(missing), READ_AHEAD - this.#waiting.length));
  }

  async #read(count: number, blockMs: number): Promise<void> {
    const { stream, group } = this.#keys;
    const reply = (await this.#blocking.xreadgroup(
      'GROUP',
      group,
      this.#consumer,
      'COUNT',
      count,
      'BLOCK',
      blockMs,
      'STREAMS',
      stream,
      '>',
    )) as [string, RawEntry[]][] | null;
    if (!reply) return;
    const entries = toEntries(reply[0]![1], false);
    this.#waiting.push(...entries);
    const sum = (what: 'records' | 'bytes') => entries.reduce((total, entry) => total + entry[what], 0);
    this.#mean = {
      records: Math.max(1, sum('records') / entries.length),
      bytes: Math.max(1, sum('bytes') / entries.length),
    };
  }

  /** Takes over what consumers left that fell silent; removes those that have nothing left. */
  async #claim(): Promise<void> {
    const { stream, group } = this.#keys;
    const { claimIdleMs } = this.#options;
    let cursor = '0-0';
    do {
      const [next, raw] = (await this.#commands.xautoclaim(
        stream,
        group,
        this.#consumer,
        claimIdleMs,
        cursor,
        'COUNT',
        CLAIM,
      )) as [string, RawEntry[]];
      const known = new Set(this.#idsInHand());
      this.#waiting.push(...toEntries(raw, true).filter(({ id }) => !known.has(id)));
      cursor = next;
    } while (cursor !== '0-0' && this.#wanted() > 0 && !this.#closed);
    const infos = (await this.#commands.xinfo('CONSUMERS', stream, group)) as (string | number)[][];
    for (const info of infos) {
      const field = (name: string) => info[info.indexOf(name) + 1];
      if (field('name') !== this.#consumer && Number(field('idle')) > 4 * claimIdleMs && Number(field('pending')) === 0)
        await this.#commands.queueForget(1, stream, group, String(field('name')));
    }
  }

  /** The entries of the next batch. */
  #cut(): readonly Entry[] {
    const { batchSize, batchBytes } = this.#options;
    let [records, bytes, count] = [0, 0, 0];
    for (const entry of this.#waiting) {
      records += entry.records;
      bytes += entry.bytes;
      if (count > 0 && (records > batchSize || bytes > batchBytes)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #toBatch(entries: readonly Entry[]): Promise<Batch> {
    const groups = await this.#commands.mgetBuffer(entries.map(({ key }) => key));
    const parts: Documents[] = [];
    const places: number[] = [];
    const unreadable: Letter[] = [];
    let lost = 0;
    for (const [i, entry] of entries.entries()) {
      const bytes = groups[i];
      if (!bytes) {
        if (!(await this.#isThere(entry))) continue;
        lost += entry.records;
        this.#logger.error(
          { entry: entry.id, records: entry.records },
          `accepted records are lost: no key ${entry.key}`,
        );
        continue;
      }
      try {
        parts.push(Documents.ofGroup(bytes));
        places.push(i + 1);
      } catch (error) {
        const reason = (error as Error).message;
        this.#logger.error({ entry: entry.id, err: reason }, 'an entry holds no records; it goes to the dead letters');
        unreadable.push({ place: i + 1, text: bytes, reason });
      }
    }
    const placeOf = (index: number): number => {
      let first = 0;
      for (const [i, part] of parts.entries()) if (index < (first += part.count)) return places[i]!;
      throw new RangeError(`the batch has no document ${index}`);
    };
    const documents = Documents.join(parts);
    return {
      documents,
      accepted: entries.map(({ id, records }) => ({ at: Number.parseInt(id, 10), records })),
      redelivered: entries.reduce((sum, { redelivered, records }) => sum + (redelivered ? records : 0), 0),
      lost,
      traceparents: [...new Set(entries.flatMap(({ traces }) => traces?.split(' ') ?? []))],
      acknowledge: (refused: readonly Refusal[] = []) =>
        this.#acknowledge(entries, [
          ...unreadable,
          ...refused.map(({ index, reason }) => ({
            place: placeOf(index),
            text: letterOf(documents, index),
            reason,
          })),
        ]),
    };
  }

  /** False when another consumer has acknowledged the entry: its group may have left the cache. */
  async #isThere({ id }: Entry): Promise<boolean> {
    return (await this.#commands.xrange(this.#keys.stream, id, id)).length > 0;
  }

  async #acknowledge(entries: readonly Entry[], letters: readonly Letter[]): Promise<void> {
    const { stream, counts, deadLetters, group } = this.#keys;
    const keys = [stream, counts, deadLetters, ...entries.map(({ key }) => key)];
    try {
      await this.#commands.queueAcknowledge(
        keys.length,
        keys,
        group,
        this.#options.cacheTtlSeconds,
        new Date().toISOString(),
        entries.flatMap(({ id, records, bytes }) => [id, records, bytes]),
        letters.flatMap(({ place, text, reason }) => [place, text, reason]),
      );
    } finally {
      // Also when it failed: no longer kept fresh by the heartbeat, they are soon claimed and
      // delivered again.
      this.#handedOut.delete(entries);
    }
  }
}

/** As JSON, or as it is when it cannot be decoded. */
function letterOf(documents: Documents, index: number): string | Buffer {
  try {
    return encodeRecord(documents.record(index));
  } catch {
    return documents.at(index);
  }
}

function toEntries(raw: readonly RawEntry[], redelivered: boolean): Entry[] {
  const entries: Entry[] = [];
  for (const [id, fields] of raw) {
    if (fields === null) continue;
    const [, group = '', , records, , bytes, , traces] = fields;
    const counts = { records: Number(records) || 0, bytes: Number(bytes) || 0 };
    entries.push({ id, key: groupKey(group), ...counts, redelivered, traces });
  }
  return entries;
}

/** Makes the stream and its group where they are not there yet. */
export async function openStream(
  redis: ScriptedRedis,
  { stream, counts, deadLetters, group }: QueueKeys,
): Promise<void> {
  await redis.queueOpen(3, stream, counts, deadLetters, group);
}
