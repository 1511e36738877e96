// The store in MySQL: a table, one statement for a batch on the primary, reads from the readers.
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Documents } from '../../group.ts';
import type { Logger } from '../../logger.ts';
import type { Refusal } from '../../queue/queue.ts';
import type { DataRecord } from '../../record.ts';
import { decodeBatch } from '../decode.ts';
import { inTime, READ_TIMEOUT_MS, type Store, type StoreResult } from '../store.ts';
import { type Execute, type MySqlAddress, MySqlPool } from './connection.ts';
import { isNoSuchTable, refusalOf } from './errors.ts';
import { CREATE_TABLE, insertOf, intoStatements, listOf, type Row, recordOf, rowOf, type StoredRow } from './rows.ts';

/** A lock or a disk may be slow. What takes longer is tried again, milliseconds. */
const WRITE_TIMEOUT_MS = 30_000;
/** A reader that has not answered by then is left out for a while, milliseconds. */
const READER_TIMEOUT_MS = 1_500;
const READER_PAUSE_MS = 10_000;
/** Up to this estimate, counting exactly takes a fraction of a second, records. */
const EXACT_UP_TO = 100_000;
/** Rows that `scan` reads at once. */
const SCAN_ROWS = 1_000;

export interface MySqlOptions extends MySqlAddress {
  /** Replicas, `mysql://host:port/database`. Default: reads go to the primary. */
  readonly readerUrl?: string | undefined;
  /** Logs when the replicas cannot be read. Default: nothing is logged. */
  readonly logger?: Logger | undefined;
}

export class MySqlStore implements Store {
  readonly #primary: MySqlPool;
  readonly #reader: MySqlPool | undefined;
  /** On the clock of `performance.now`. */
  #readerPausedUntil = 0;
  readonly #logger: Logger | undefined;
  #maxPacket: number | undefined;

  constructor({ readerUrl, logger, ...address }: MySqlOptions) {
    this.#logger = logger;
    this.#primary = new MySqlPool(address);
    this.#reader = readerUrl === undefined ? undefined : new MySqlPool({ ...address, url: readerUrl });
  }

  /**
   * Stores a batch in one statement, or in one transaction where it is larger than the server's
   * `max_allowed_packet` or a row is refused. Creates the table if it is not there.
   */
  async insert(documents: Documents): Promise<StoreResult> {
    const { records, refused } = decodeBatch(documents);
    const rows = records.map(rowOf);
    if (rows.length === 0) return { stored: 0, duplicates: 0, refused };
    const result = await this.#insert(rows).catch(async (error) => {
      this.#maxPacket = undefined; // after a failover, another server's
      if (!isNoSuchTable(error)) throw error;
      await this.#primary.use(WRITE_TIMEOUT_MS, (execute) => execute(CREATE_TABLE));
      return this.#insert(rows);
    });
    return { ...result, refused: [...refused, ...result.refused] };
  }

  async #insert(rows: readonly Row[]): Promise<StoreResult> {
    const maxPacket = await this.#packetSize();
    const { statements, tooLarge } = intoStatements(rows, maxPacket);
    const tally = new Tally(tooLarge.map(({ index }) => ({ index, reason: tooLargeFor(maxPacket) })));
    if (statements.length === 1) {
      try {
        return await this.#primary.use(WRITE_TIMEOUT_MS, async (execute) => {
          tally.add(await insertRows(execute, statements[0]!));
          return tally;
        });
      } catch (error) {
        if (refusalOf(error) === undefined) throw error;
      }
    }
    return this.#primary.use(WRITE_TIMEOUT_MS, async (execute) => {
      await execute('START TRANSACTION');
      for (const statement of statements) await insertHalving(execute, statement, tally);
      await execute('COMMIT');
      return tally;
    });
  }

  /** Largest statement that the server takes, bytes. */
  async #packetSize(): Promise<number> {
    this.#maxPacket ??= await this.#primary.use(READ_TIMEOUT_MS, async (execute) => {
      const [row] = await execute<(RowDataPacket & { bytes: number })[]>('SELECT @@max_allowed_packet AS bytes');
      return row!.bytes;
    });
    return this.#maxPacket;
  }

  /** Asks the readers; what they lack, because they lag behind or fail, the primary. */
  async findMany(ids: readonly string[]): Promise<DataRecord[]> {
    return inTime('MySQL', this.#findMany(ids));
  }

  async #findMany(ids: readonly string[]): Promise<DataRecord[]> {
    const found = (await this.#askReader((execute) => select(execute, ids))) ?? [];
    const present = new Set(found.map(({ _id }) => _id));
    const missing = ids.filter((id) => !present.has(id));
    if (missing.length === 0) return found;
    return [...found, ...(await this.#askPrimary([], (execute) => select(execute, missing)))];
  }

  newestIds(limit: number): Promise<string[]> {
    return this.#read([], async (execute) => {
      const sql = `SELECT _id FROM records ORDER BY _id DESC LIMIT ${limit}`;
      return (await execute<StoredRow[]>(sql)).map(({ _id }) => _id);
    });
  }

  /**
   * How many records there are: exactly up to 100,000; above, the server's estimate, which may be
   * wrong by a half.
   */
  count(): Promise<number> {
    const count = this.#read(0, async (execute) => {
      const [plan] = await execute<(RowDataPacket & { rows: number })[]>('EXPLAIN SELECT _id FROM records');
      if (Number(plan!.rows) > EXACT_UP_TO) return Number(plan!.rows);
      const [row] = await execute<(RowDataPacket & { count: number })[]>('SELECT COUNT(*) AS count FROM records');
      return row!.count;
    });
    return inTime('MySQL', count);
  }

  async *scan(since: string): AsyncGenerator<DataRecord> {
    let condition = `_id >= ${listOf([since])}`;
    for (;;) {
      const sql = `SELECT * FROM records WHERE ${condition} ORDER BY _id LIMIT ${SCAN_ROWS}`;
      const rows = await this.#askPrimary([], (execute) => execute<StoredRow[]>(sql));
      yield* rows.map(recordOf);
      if (rows.length < SCAN_ROWS) return;
      condition = `_id > ${listOf([rows.at(-1)!._id])}`;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#primary.close(), this.#reader?.close()]);
  }

  async #read<T>(nothing: T, body: (execute: Execute) => Promise<T>): Promise<T> {
    const answer = await this.#askReader(body);
    return answer ?? this.#askPrimary(nothing, body);
  }

  /** @returns undefined when there is no reader, or none that works. */
  async #askReader<T>(body: (execute: Execute) => Promise<T>): Promise<T | undefined> {
    if (this.#reader === undefined || performance.now() < this.#readerPausedUntil) return undefined;
    try {
      return await this.#reader.use(READER_TIMEOUT_MS, body);
    } catch (error) {
      this.#readerPausedUntil = performance.now() + READER_PAUSE_MS;
      this.#logger?.warn(
        { err: (error as Error).message },
        `cannot read from the replicas of MySQL; reads go to the primary for ${READER_PAUSE_MS / 1000} s`,
      );
      return undefined;
    }
  }

  /** @param nothing what to give before the table is there */
  async #askPrimary<T>(nothing: T, body: (execute: Execute) => Promise<T>): Promise<T> {
    try {
      return await this.#primary.use(READ_TIMEOUT_MS, body);
    } catch (error) {
      if (isNoSuchTable(error)) return nothing;
      throw error;
    }
  }
}

/** Adds up what became of a batch. */
class Tally implements StoreResult {
  stored = 0;
  duplicates = 0;
  refused: Refusal[];

  constructor(refused: Refusal[]) {
    this.refused = refused;
  }

  add({ stored, duplicates, refused }: StoreResult): void {
    this.stored += stored;
    this.duplicates += duplicates;
    this.refused.push(...refused);
  }
}

const tooLargeFor = (maxPacket: number): string =>
  `larger than the server's max_allowed_packet of ${maxPacket} bytes for a statement`;

/** One statement. @throws when any row is refused: then it stored none */
async function insertRows(execute: Execute, rows: readonly Row[]): Promise<StoreResult> {
  const { affectedRows: stored } = await execute<ResultSetHeader>(insertOf(rows));
  if (stored === rows.length) return { stored, duplicates: 0, refused: [] };
  // The statement also passes over a row that collides in another unique index.
  const ids = await execute<StoredRow[]>(`SELECT _id FROM records WHERE _id IN ${listOf(rows.map(({ id }) => id))}`);
  const present = new Set(ids.map(({ _id }) => _id));
  const refused = rows
    .filter(({ id }) => !present.has(id))
    .map(({ index }) => ({ index, reason: 'MySQL 1062: another record has the same value in a unique index' }));
  return { stored, duplicates: rows.length - stored - refused.length, refused };
}

/**
 * Halves the rows until what MySQL refuses stands alone. Within a transaction: a statement that
 * fails for one of its rows undoes only itself.
 */
async function insertHalving(execute: Execute, rows: readonly Row[], tally: Tally): Promise<void> {
  try {
    tally.add(await insertRows(execute, rows));
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    if (rows.length === 1) {
      tally.refused.push({ index: rows[0]!.index, reason });
      return;
    }
    const half = rows.length >> 1;
    await insertHalving(execute, rows.slice(0, half), tally);
    await insertHalving(execute, rows.slice(half), tally);
  }
}

async function select(execute: Execute, ids: readonly string[]): Promise<DataRecord[]> {
  return (await execute<StoredRow[]>(`SELECT * FROM records WHERE _id IN ${listOf(ids)}`)).map(recordOf);
}
