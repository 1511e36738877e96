// Upgrading from version 0.1, whose stream had an entry and a key with JSON for each record:
// consumers take them over into groups, beside consumers and APIs of that version that are still
// running. Delete this file with the next version.

import { groupKey, PENDING_TTL_SECONDS } from '../../cache.ts';
import { encodeGroup, GroupIds } from '../../group.ts';
import type { Logger } from '../../logger.ts';
import { type DataRecord, decodeRecord } from '../../record.ts';
import type { QueueKeys } from './keys.ts';
import type { ScriptedRedis } from './scripts.ts';

type OldEntry = [id: string, fields: string[] | null];
type Readable = readonly [id: string, key: string, record: DataRecord];

const ENTRIES = 200;
const BYTES = 1 << 20;

export class LegacyStream {
  readonly #redis: ScriptedRedis;
  readonly #keys: QueueKeys;
  readonly #consumer: string;
  readonly #claimIdleMs: number;
  readonly #logger: Logger;
  readonly #ids = new GroupIds();

  constructor(redis: ScriptedRedis, keys: QueueKeys, consumer: string, claimIdleMs: number, logger: Logger) {
    this.#redis = redis;
    this.#keys = keys;
    this.#consumer = consumer;
    this.#claimIdleMs = claimIdleMs;
    this.#logger = logger;
  }

  /** Takes over all that no other consumer has in hand. */
  async adopt(): Promise<void> {
    const { legacyStream: stream, group } = this.#keys;
    if ((await this.#redis.xlen(stream)) === 0) return;
    await this.#redis.xgroup('CREATE', stream, group, '0').catch((error: Error) => {
      if (!error.message.startsWith('BUSYGROUP')) throw error;
    });
    for (;;) {
      const reply = (await this.#redis.xreadgroup(
        'GROUP',
        group,
        this.#consumer,
        'COUNT',
        ENTRIES,
        'STREAMS',
        stream,
        '>',
      )) as [string, OldEntry[]][] | null;
      if (!reply) break;
      await this.#take(reply[0]![1]);
    }
    let cursor = '0-0';
    do {
      const [next, entries] = (await this.#redis.xautoclaim(
        stream,
        group,
        this.#consumer,
        this.#claimIdleMs,
        cursor,
        'COUNT',
        ENTRIES,
      )) as [string, OldEntry[]];
      await this.#take(entries);
      cursor = next;
    } while (cursor !== '0-0');
  }

  async #take(entries: readonly OldEntry[]): Promise<void> {
    let part: Readable[] = [];
    let bytes = 0;
    for (const [id, fields] of entries) {
      const key = fields?.[1];
      if (key === undefined) continue;
      // MGET has nothing for a key of another type, where GET would fail.
      const [text = null] = await this.#redis.mget(key);
      try {
        if (text === null) throw new SyntaxError(`there is no key ${key}`);
        part.push([id, key, decodeRecord(text)]);
        bytes += text.length;
      } catch (error) {
        // It stays where it is and counts in the lag: a person has to look.
        this.#logger.error({ entry: id, err: (error as Error).message }, 'an entry of the old stream holds no record');
      }
      if (bytes < BYTES) continue;
      await this.#move(part);
      [part, bytes] = [[], 0];
    }
    if (part.length > 0) await this.#move(part);
  }

  async #move(part: readonly Readable[]): Promise<void> {
    const { stream, counts, legacyStream, group } = this.#keys;
    const id = this.#ids.next();
    const bytes = encodeGroup(part.map(([, , record]) => record));
    const keys = [stream, counts, groupKey(id), legacyStream, ...part.map(([, key]) => key)];
    const args = [group, id, bytes.length, bytes, PENDING_TTL_SECONDS, ...part.map(([entry]) => entry)];
    await this.#redis.queueAdopt(keys.length, keys, args);
  }
}
