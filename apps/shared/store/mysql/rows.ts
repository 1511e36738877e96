// A record as a row of MySQL.
import { escape as quote, type RowDataPacket } from 'mysql2/promise';
import type { DataRecord } from '../../record.ts';
import type { Placed } from '../decode.ts';

export const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS records (
  _id CHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  type TEXT NOT NULL,
  \`index\` INT NOT NULL,
  payload LONGTEXT NOT NULL,
  createdAt DATETIME(3) NOT NULL,
  origin TEXT NOT NULL
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/** What an insert puts around the values: an id that is there already changes nothing. */
const INSERT = 'INSERT INTO records (_id, type, `index`, payload, createdAt, origin) VALUES ';
const UNLESS_THERE = ' ON DUPLICATE KEY UPDATE _id = records._id';

/** The values of a record, ready for a statement. */
export interface Row {
  /** Place of the record among the documents of the batch. */
  readonly index: number;
  readonly id: string;
  readonly sql: string;
  /** Size of `sql`, bytes. */
  readonly bytes: number;
}

export function rowOf({ index, record }: Placed): Row {
  const { _id, type, payload, createdAt, origin } = record;
  const time = createdAt.replace('T', ' ').replace('Z', '');
  const values = [_id, type, record.index, payload, time, origin].map((value) => quote(value));
  const sql = `(${values.join()})`;
  return { index, id: _id, sql, bytes: Buffer.byteLength(sql) };
}

/** The statement that stores the rows. */
export const insertOf = (rows: readonly Row[]): string => INSERT + rows.map(({ sql }) => sql).join() + UNLESS_THERE;

/** Bytes of a statement besides its rows, each of which a comma follows, and of its packet. */
const AROUND_ROWS = INSERT.length + UNLESS_THERE.length + 64;

/**
 * Puts rows into statements of at most `maxBytes`.
 * @returns the rows of each statement, and those that are too large for any
 */
export function intoStatements(rows: readonly Row[], maxBytes: number): { statements: Row[][]; tooLarge: Row[] } {
  const statements: Row[][] = [];
  const tooLarge: Row[] = [];
  let room = 0;
  for (const row of rows) {
    const size = row.bytes + 1;
    if (AROUND_ROWS + size > maxBytes) {
      tooLarge.push(row);
      continue;
    }
    if (size > room) {
      statements.push([]);
      room = maxBytes - AROUND_ROWS;
    }
    statements.at(-1)!.push(row);
    room -= size;
  }
  return { statements, tooLarge };
}

export type StoredRow = RowDataPacket & DataRecord;

export const recordOf = ({ _id, type, index, payload, createdAt, origin }: StoredRow): DataRecord => ({
  _id,
  type,
  index,
  payload,
  createdAt: `${createdAt.replace(' ', 'T')}Z`,
  origin,
});

/** A list of ids for `IN`. */
export const listOf = (ids: readonly string[]): string => `(${ids.map((id) => quote(id)).join()})`;
