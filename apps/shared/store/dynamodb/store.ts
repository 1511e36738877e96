// The store in DynamoDB: a table, and a conditional write for each record, so that each is stored
// once and counted exactly (docs/decisions/0038-dynamodb.md).
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { Documents } from '../../group.ts';
import type { DataRecord } from '../../record.ts';
import { decodeBatch, type Placed } from '../decode.ts';
import { inTime, type Store, type StoreResult } from '../store.ts';
import { type Item, itemOf, keyOf, reasonAgainst, recordOf, TOO_LARGE } from './item.ts';

export interface DynamoDbOptions {
  readonly table: string;
  readonly region: string;
  /** Address of a server that stands in for DynamoDB: the table is created there. Default: none. */
  readonly endpoint?: string | undefined;
  /** Writes under way at once. Default 64. */
  readonly concurrency?: number;
}

/** The item that counts the records. No record has this id. */
const COUNT_ID = '#records';
/** Keys in one request, DynamoDB's limit. */
const MAX_KEYS = 100;
/** Pages of 1 MB that `newestIds` reads at most, each for 128 read units. */
const MAX_PAGES = 10;
/** A batch is given up once DynamoDB has refused all writes for so long, milliseconds. */
const PATIENCE_MS = 10_000;
/** A throttled read is given up after this long, before `inTime` gives it up, milliseconds. */
const READ_PATIENCE_MS = 4_000;
/** A throttled count is left to the next batch after this long, milliseconds. */
const COUNT_PATIENCE_MS = 1_000;
const MAX_BACKOFF_MS = 1_000;
const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 5_000;

/** What became of a record: stored, a duplicate, or the reason why it was refused. */
type Outcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly reason: string };

/** How the writes of a batch get on. */
interface Progress {
  /** When the last one got through, on the clock of `performance.now`. */
  at: number;
  /** Why no further one is begun. */
  failure?: unknown;
}

export class DynamoDbStore implements Store {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #isStandIn: boolean;
  readonly #concurrency: number;
  /**
   * What became of the records of a batch that is to be tried again: they are not written, paid and
   * counted a second time.
   */
  readonly #unfinished = new WeakMap<Documents, Map<number, Outcome>>();
  /** Stored, and not yet in the item that counts. */
  #uncounted = 0;

  constructor({ table, region, endpoint, concurrency = 64 }: DynamoDbOptions) {
    this.#table = table;
    this.#isStandIn = endpoint !== undefined;
    this.#concurrency = concurrency;
    this.#client = new DynamoDBClient({
      region,
      ...(endpoint !== undefined && { endpoint, credentials: { accessKeyId: 'none', secretAccessKey: 'none' } }),
      // A write that is repeated behind our back would count as a duplicate.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        throwOnRequestTimeout: true,
        httpAgent: { keepAlive: true, maxSockets: concurrency },
        httpsAgent: { keepAlive: true, maxSockets: concurrency },
      },
    });
  }

  /**
   * Stores each record with a write of its own. Throttled writes are repeated for as long as others
   * get through.
   */
  async insert(documents: Documents): Promise<StoreResult> {
    const { records, refused } = decodeBatch(documents);
    const outcomes = this.#unfinished.get(documents) ?? new Map<number, Outcome>();
    this.#unfinished.set(documents, outcomes);
    await this.#putAll(records, outcomes).catch(async (error) => {
      if (!this.#isMissingTable(error)) throw error;
      await this.#createTable();
      await this.#putAll(records, outcomes);
    });
    this.#unfinished.delete(documents);
    const result: StoreResult = { stored: 0, duplicates: 0, refused };
    for (const [index, outcome] of outcomes) {
      if (outcome.kind === 'stored') result.stored++;
      else if (outcome.kind === 'duplicate') result.duplicates++;
      else refused.push({ index, reason: outcome.reason });
    }
    await this.#count(result.stored);
    return result;
  }

  /** @throws the first error, once no write is under way */
  async #putAll(records: readonly Placed[], outcomes: Map<number, Outcome>): Promise<void> {
    const left = records.filter(({ index }) => !outcomes.has(index));
    const next = left.values();
    const progress: Progress = { at: performance.now() };
    const work = async () => {
      for (const { index, record } of next) {
        if (progress.failure !== undefined) return;
        try {
          outcomes.set(index, await this.#put(itemOf(record), progress));
        } catch (error) {
          progress.failure ??= error;
          return;
        }
        progress.at = performance.now();
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, left.length) }, work));
    if (progress.failure !== undefined) throw progress.failure;
  }

  async #put(item: Item, progress: Readonly<Progress>): Promise<Outcome> {
    const reason = reasonAgainst(item);
    if (reason !== undefined) return { kind: 'refused', reason };
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: item,
      ConditionExpression: 'attribute_not_exists(#id)',
      ExpressionAttributeNames: { '#id': '_id' },
    });
    const isOver = (at: number) => progress.failure !== undefined || at - progress.at > PATIENCE_MS;
    try {
      await untilTaken(() => this.#client.send(put), isOver);
      return { kind: 'stored' };
    } catch (error) {
      if (nameOf(error) === 'ConditionalCheckFailedException') return { kind: 'duplicate' };
      if (isTooLarge(error)) return { kind: 'refused', reason: TOO_LARGE };
      throw error;
    }
  }

  /** Reads with eventual consistency, for half the price; what is missing then, with strong. */
  findMany(ids: readonly string[]): Promise<DataRecord[]> {
    return inTime('DynamoDB', this.#findMany([...new Set(ids)]));
  }

  async #findMany(ids: readonly string[]): Promise<DataRecord[]> {
    const isOver = after(READ_PATIENCE_MS);
    const found = await this.#get(ids, false, isOver);
    const present = new Set(found.map(({ _id }) => _id));
    const missing = ids.filter((id) => !present.has(id));
    return missing.length === 0 ? found : [...found, ...(await this.#get(missing, true, isOver))];
  }

  async #get(ids: readonly string[], isConsistent: boolean, isOver: IsOver): Promise<DataRecord[]> {
    const requests: Promise<DataRecord[]>[] = [];
    for (let at = 0; at < ids.length; at += MAX_KEYS)
      requests.push(this.#getSome(ids.slice(at, at + MAX_KEYS).map(keyOf), isConsistent, isOver));
    return (await Promise.all(requests)).flat();
  }

  async #getSome(keys: Item[], ConsistentRead: boolean, isOver: IsOver): Promise<DataRecord[]> {
    const found: DataRecord[] = [];
    let left = keys;
    await this.#read(async () => {
      const get = new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: left, ConsistentRead } } });
      const { Responses, UnprocessedKeys } = await this.#client.send(get);
      found.push(...(Responses?.[this.#table] ?? []).map(recordOf));
      left = UnprocessedKeys?.[this.#table]?.Keys ?? [];
      if (left.length > 0)
        throw new ProvisionedThroughputExceededException({ message: 'some keys were not read', $metadata: {} });
    }, isOver);
    return found;
  }

  /**
   * Any ids, at most `limit` and those of the first 10 MB: the table has no order, and an index
   * that has one would cost as many write units as the records.
   */
  async newestIds(limit: number): Promise<string[]> {
    const ids: string[] = [];
    let start: Item | undefined;
    for (let page = 0; page < MAX_PAGES && ids.length < limit; page++) {
      const scan = new ScanCommand({
        TableName: this.#table,
        Limit: limit - ids.length + 1,
        ExclusiveStartKey: start,
        ProjectionExpression: '#id',
        FilterExpression: 'attribute_exists(payload)',
        ExpressionAttributeNames: { '#id': '_id' },
      });
      const answer = await this.#read(() => this.#client.send(scan));
      ids.push(...(answer?.Items ?? []).map(({ _id }) => _id!.S!));
      start = answer?.LastEvaluatedKey;
      if (start === undefined) break;
    }
    return ids.slice(0, limit);
  }

  async *scan(since: string): AsyncGenerator<DataRecord> {
    let start: Item | undefined;
    do {
      const scan = new ScanCommand({
        TableName: this.#table,
        ConsistentRead: true,
        ExclusiveStartKey: start,
        FilterExpression: '#id >= :since AND attribute_exists(payload)',
        ExpressionAttributeNames: { '#id': '_id' },
        ExpressionAttributeValues: { ':since': { S: since } },
      });
      const answer = await this.#read(() => this.#client.send(scan));
      yield* (answer?.Items ?? []).map(recordOf);
      start = answer?.LastEvaluatedKey;
    } while (start !== undefined);
  }

  /**
   * How many records there are, as the consumers count them. Too low by what a consumer had not yet
   * counted when it was killed, two batches as a rule; too high by a batch when the answer to its
   * count was lost.
   */
  count(): Promise<number> {
    const get = new GetItemCommand({ TableName: this.#table, Key: keyOf(COUNT_ID) });
    return inTime(
      'DynamoDB',
      this.#read(() => this.#client.send(get)).then((answer) => Number(answer?.Item?.records?.N ?? 0)),
    );
  }

  async #count(stored: number): Promise<void> {
    this.#uncounted += stored;
    const added = this.#uncounted;
    if (added === 0) return;
    this.#uncounted = 0;
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: keyOf(COUNT_ID),
      UpdateExpression: 'ADD records :added',
      ExpressionAttributeValues: { ':added': { N: String(added) } },
    });
    // The records are stored; the next batch counts them.
    await untilTaken(() => this.#client.send(update), after(COUNT_PATIENCE_MS)).catch(() => {
      this.#uncounted += added;
    });
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  /**
   * Repeats what is throttled, by default for 4 s.
   * @returns undefined where the table is yet to be created
   */
  async #read<T>(send: () => Promise<T>, isOver = after(READ_PATIENCE_MS)): Promise<T | undefined> {
    try {
      return await untilTaken(send, isOver);
    } catch (error) {
      if (this.#isMissingTable(error)) return undefined;
      throw error;
    }
  }

  #isMissingTable(error: unknown): boolean {
    return this.#isStandIn && nameOf(error) === 'ResourceNotFoundException';
  }

  async #createTable(): Promise<void> {
    const create = new CreateTableCommand({
      TableName: this.#table,
      AttributeDefinitions: [{ AttributeName: '_id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: '_id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    await this.#client.send(create).catch((error) => {
      if (nameOf(error) !== 'ResourceInUseException') throw error; // another consumer was first
    });
    const waiting = { client: this.#client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
    await waitUntilTableExists(waiting, { TableName: this.#table });
  }
}

const nameOf = (error: unknown): string | undefined => (error as { name?: string }).name;

const THROTTLED = new Set(['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException']);
const isThrottled = (error: unknown): boolean => THROTTLED.has(nameOf(error) ?? '');

/**
 * Other validation errors speak of the table or of our requests: trying again keeps the records.
 */
const isTooLarge = (error: unknown): boolean =>
  nameOf(error) === 'ValidationException' && /item size/i.test((error as Error).message);

/** 25 ms, doubling to a second, with jitter so that clients do not retry in lockstep. */
const backoffMs = (attempt: number): number => Math.min(25 * 2 ** attempt, MAX_BACKOFF_MS) * (0.5 + Math.random());

/** Whether it is too late for another attempt `at` this time, on the clock of `performance.now`. */
type IsOver = (at: number) => boolean;

/** From `milliseconds` after now on. */
function after(milliseconds: number): IsOver {
  const end = performance.now() + milliseconds;
  return (at) => at > end;
}

/**
 * Repeats a throttled request, unless `isOver` at the time of the next attempt.
 * @throws the last error
 */
async function untilTaken<T>(send: () => Promise<T>, isOver: IsOver): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const backoff = backoffMs(attempt);
    try {
      return await send();
    } catch (error) {
      if (!isThrottled(error) || isOver(performance.now() + backoff)) throw error;
    }
    await sleep(backoff);
  }
}
