// Delivering records from Redis Streams: fresh entries in batches, and those that a dead consumer left behind.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import { decodeRecord } from '../record.ts';
import { redisReady } from '../redis.ts';
import type { Batch, BatchLimits, Delivery, QueueReader, Refusal } from './queue.ts';
import type { ScriptedRedis } from './redis-scripts.ts';
import { ensureGroup, type StreamNames } from './redis-streams.ts';

export interface RedisReaderOptions extends BatchLimits {
  claimIdleMs: number;
  cacheTtlSeconds: number;
}

/** An entry: its id in the stream and the key that holds its record. */
interface Entry {
  readonly id: string;
  readonly key: string;
  readonly text: string | null;
  readonly redelivered: boolean;
}

type RawEntry = [id: string, fields: string[] | null];

/** How long one blocking read waits for entries, milliseconds; closing waits no longer than this either. */
const BLOCK_MS = 500;

export function createRedisReader(
  redis: { blocking: ScriptedRedis; commands: ScriptedRedis },
  names: StreamNames,
  options: RedisReaderOptions,
  logger: Logger,
): QueueReader {
  const { blocking, commands } = redis;
  const consumer = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  /** Read and not yet part of a batch. */
  let waiting: Entry[] = [];
  /** Entries of batches that were handed out and are not settled. */
  const unsettled = new Set<readonly Entry[]>();
  let nextClaimAt = 0;
  let closed = false;
  let ahead: Promise<Batch | undefined> | undefined;

  // Being slow is not being dead: as long as this process lives, its entries stay fresh and nobody claims them.
  const heartbeat = setInterval(() => {
    const ids = [...unsettled, waiting].flat().map((entry) => entry.id);
    if (ids.length === 0) return;
    commands
      .call('XCLAIM', names.stream, names.group, consumer, '0', ...ids, 'JUSTID')
      .catch((error: Error) => logger.warn({ err: error.message }, 'could not refresh the pending entries'));
  }, options.claimIdleMs / 3);

  const toEntries = async (raw: RawEntry[], redelivered: boolean): Promise<Entry[]> => {
    const entries = raw.filter((entry): entry is [string, string[]] => entry[1] !== null);
    if (entries.length === 0) return [];
    const keys = entries.map(([, fields]) => fields[1] ?? '');
    const texts = await commands.mget(keys);
    return entries.map(([id], i) => ({ id, key: keys[i]!, text: texts[i] ?? null, redelivered }));
  };

  /** Takes over what consumers left that fell silent; removes those that have nothing left. */
  const claim = async (): Promise<void> => {
    let cursor = '0-0';
    do {
      const [next, raw] = (await commands.xautoclaim(
        names.stream,
        names.group,
        consumer,
        options.claimIdleMs,
        cursor,
        'COUNT',
        options.batchSize,
      )) as [string, RawEntry[]];
      waiting.push(...(await toEntries(raw, true)));
      cursor = next;
    } while (cursor !== '0-0' && waiting.length < options.batchSize && !closed);
    const infos = (await commands.xinfo('CONSUMERS', names.stream, names.group)) as (string | number)[][];
    for (const info of infos) {
      const field = (name: string) => info[info.indexOf(name) + 1];
      if (
        field('name') !== consumer &&
        Number(field('idle')) > 4 * options.claimIdleMs &&
        Number(field('pending')) === 0
      )
        await commands.queueForget(1, names.stream, names.group, String(field('name')));
    }
  };

  const read = async (count: number, blockMs: number): Promise<void> => {
    const reply = (await blocking.xreadgroup(
      'GROUP',
      names.group,
      consumer,
      'COUNT',
      count,
      'BLOCK',
      blockMs,
      'STREAMS',
      names.stream,
      '>',
    )) as [string, RawEntry[]][] | null;
    if (reply) waiting.push(...(await toEntries(reply[0]![1], false)));
  };

  /** Reads until a batch is full, or its first entry has waited long enough. */
  const gather = async (): Promise<void> => {
    let deadline = waiting.length > 0 ? 0 : Number.POSITIVE_INFINITY;
    while (!closed && waiting.length < options.batchSize && sizeOf(waiting) < options.batchBytes) {
      const now = performance.now();
      if (now >= nextClaimAt) {
        await claim();
        nextClaimAt = performance.now() + options.claimIdleMs / 2;
      }
      if (waiting.length > 0 && deadline === Number.POSITIVE_INFINITY)
        deadline = performance.now() + options.flushIntervalMs;
      const left = deadline - performance.now();
      if (left <= 0) return;
      await read(options.batchSize - waiting.length, Math.max(1, Math.min(BLOCK_MS, Math.ceil(left))));
    }
  };

  const cut = (): readonly Entry[] => {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(waiting.length, options.batchSize)) {
      bytes += waiting[count]!.text?.length ?? 0;
      if (count > 0 && bytes > options.batchBytes) break;
      count++;
    }
    const entries = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return entries;
  };

  const settle = async (
    entries: readonly Entry[],
    dead: readonly { text: string; reason: string }[],
  ): Promise<void> => {
    const keys = entries.map((entry) => entry.key);
    try {
      await commands.queueSettle(
        keys.length + 2,
        names.stream,
        names.deadLetters,
        ...keys,
        names.group,
        options.cacheTtlSeconds,
        new Date().toISOString(),
        entries.length,
        ...entries.map((entry) => entry.id),
        ...dead.flatMap(({ text, reason }) => [text, reason]),
      );
    } finally {
      // Also when it failed: no longer kept fresh by the heartbeat, they are soon claimed and delivered again.
      unsettled.delete(entries);
    }
  };

  const toBatch = (entries: readonly Entry[]): Batch => {
    const deliveries: Delivery[] = [];
    const poison: { text: string; reason: string }[] = [];
    for (const entry of entries) {
      try {
        if (entry.text === null) throw new SyntaxError(`the record is gone: no key ${entry.key}`);
        deliveries.push({ record: decodeRecord(entry.text), redelivered: entry.redelivered });
      } catch (error) {
        logger.error({ entry: entry.id, err: (error as Error).message }, 'an entry holds no record');
        poison.push({ text: entry.text ?? '', reason: (error as Error).message });
      }
    }
    return {
      deliveries,
      settle: (refused: readonly Refusal[] = []) =>
        settle(entries, [
          ...poison,
          ...refused.map(({ record, reason }) => ({ text: JSON.stringify(record), reason })),
        ]),
    };
  };

  const produce = async (): Promise<Batch | undefined> => {
    for (let failures = 0; !closed; ) {
      try {
        await gather();
        if (closed) return undefined;
        const entries = cut();
        if (entries.length === 0) continue;
        unsettled.add(entries);
        return toBatch(entries);
      } catch (error) {
        if (closed) return undefined;
        if (failures++ === 0)
          logger.error({ err: (error as Error).message }, 'reading the stream failed; trying again');
        await sleep(Math.min(100 * 2 ** Math.min(failures, 5), 2_000));
        await Promise.all([redisReady(blocking), redisReady(commands)]).catch(() => undefined);
        // Redis may have come back without the group (an emptied server): make it again.
        await ensureGroup(commands, names).catch(() => undefined);
      }
    }
    return undefined;
  };

  return {
    async next() {
      const current = ahead ?? produce();
      const batch = await current;
      // While the caller stores this batch, the next one is read.
      ahead = batch === undefined ? undefined : produce();
      return batch;
    },
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(heartbeat);
      blocking.disconnect();
      await ahead?.catch(() => undefined);
      // Whoever comes next need not wait until these entries look abandoned: with idle time set high they are free now.
      const ids = [...unsettled, waiting].flat().map((entry) => entry.id);
      if (ids.length > 0 && commands.status === 'ready')
        await commands
          .call(
            'XCLAIM',
            names.stream,
            names.group,
            consumer,
            '0',
            ...ids,
            'IDLE',
            String(options.claimIdleMs * 2),
            'JUSTID',
          )
          .catch(() => undefined);
      commands.disconnect();
    },
  };
}

const sizeOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, entry) => sum + (entry.text?.length ?? 0), 0);
