// Accepting records on Redis Streams: requests that arrive together make a group, accepted by one
// script call.
import { groupKey } from '../../cache.ts';
import { Coalescer } from '../../coalescer.ts';
import { QueueFullError, QueueOutcomeUnknownError, QueueUnavailableError } from '../../errors.ts';
import { encodeGroup, FULL_GROUP_BYTES, GroupIds, makeGroup } from '../../group.ts';
import type { NewRecords } from '../../record.ts';
import { dropIfStalled, isReadOnly, isReplyError, wasNotSent } from '../../redis.ts';
import type { QueueLimits, QueueWriter } from '../queue.ts';
import { Room } from '../room.ts';
import { type QueueKeys, TRACES_FIELD } from './keys.ts';
import type { ScriptedRedis } from './scripts.ts';

/** Most requests in a group: with 100 records each they fit into its table. */
const MAX_REQUESTS = 40;
/**
 * While a call is under way, the next one begins after so long, milliseconds, or with a full group.
 * Redis flushes its file before it answers, and would take the next group only then.
 */
const PATIENCE_MS = 5;
/** How long replicas may take to have a group, milliseconds: less than a command may take. */
const REPLICAS_MS = 2_000;

export interface RedisWriterOptions extends QueueLimits {
  /** Replicas that must have a group before it counts as accepted. Default 0. */
  readonly waitReplicas?: number;
}

export class RedisWriter implements QueueWriter {
  readonly #redis: ScriptedRedis;
  readonly #keys: QueueKeys;
  readonly #options: RedisWriterOptions;
  readonly #ids = new GroupIds();
  readonly #room = new Room();
  readonly #calls: Coalescer<NewRecords, string[]>;
  #closed = false;

  constructor(redis: ScriptedRedis, keys: QueueKeys, options: RedisWriterOptions) {
    this.#redis = redis;
    this.#keys = keys;
    this.#options = options;
    this.#calls = new Coalescer<NewRecords, string[]>({
      maxItems: MAX_REQUESTS,
      maxBytes: FULL_GROUP_BYTES,
      sizeOf: ({ payloads }) => payloads.reduce((sum, payload) => sum + payload.length, 0),
      maxInFlight: 8,
      patienceMs: PATIENCE_MS,
      flush: (requests) => this.#send(this.#ids.next(), requests),
    });
  }

  async accept(records: NewRecords, group?: string): Promise<string[]> {
    if (this.#closed) throw new QueueUnavailableError('the queue is closed');
    return group === undefined ? this.#calls.add(records) : (await this.#send(group, [records]))[0]!;
  }

  ready(): boolean {
    return !this.#closed && this.#redis.status === 'ready';
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#calls.idle();
    this.#redis.disconnect();
  }

  async #send(id: string, requests: readonly NewRecords[]): Promise<string[][]> {
    const { ids, records } = makeGroup(id, requests);
    const bytes = encodeGroup(records);
    const traces = requests.flatMap(({ traceparent }) => traceparent ?? []).join(' ');
    await this.#room.for(() => this.#accept(id, records.length, bytes, traces));
    return ids;
  }

  async #accept(id: string, records: number, bytes: Buffer, traces: string): Promise<void> {
    const { stream, counts } = this.#keys;
    const { maxLength, maxBytes, waitReplicas = 0 } = this.#options;
    try {
      const size = bytes.length + traces.length;
      const args = [maxLength, maxBytes, id, records, size, bytes, ...(traces === '' ? [] : [TRACES_FIELD, traces])];
      await this.#redis.queueAccept(3, stream, counts, groupKey(id), args);
      if (waitReplicas > 0) await this.#waitForReplicas(waitReplicas);
    } catch (error) {
      throw classify(dropIfStalled(this.#redis, error as Error), stream);
    }
  }

  /** Waits for what this connection wrote last. @throws QueueOutcomeUnknownError */
  async #waitForReplicas(wanted: number): Promise<void> {
    const found = await this.#redis.wait(wanted, REPLICAS_MS);
    if (found < wanted)
      throw new QueueOutcomeUnknownError(`${found} of ${wanted} replicas of Redis confirmed; a failover may lose it`);
  }
}

/** What an error of the accepting script means for the records. */
export function classify(error: Error, stream: string): Error {
  if (error instanceof QueueOutcomeUnknownError) return error;
  const options = { cause: error };
  if (isReplyError(error)) {
    if (error.message.startsWith('QUEUEFULL'))
      return new QueueFullError(`the queue ${stream} is full; try again later`, options);
    if (error.message.startsWith('OOM'))
      return new QueueFullError('Redis has no memory left for the queue; try again later', options);
    if (isReadOnly(error)) return new QueueUnavailableError('Redis is failing over; try again later', options);
    return new QueueUnavailableError(`Redis refused: ${error.message}`, options);
  }
  if (wasNotSent(error)) return new QueueUnavailableError('Redis is not reachable; try again later', options);
  return new QueueOutcomeUnknownError('Redis did not answer; the records may or may not be stored', options);
}
