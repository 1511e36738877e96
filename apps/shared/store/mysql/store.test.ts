// The store against a real MariaDB with a real replica.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { MARIADB_ADMIN, MARIADB_USER } from '../../../../local/servers/mariadb.ts';
import { databaseUrl, uniqueName } from '../../../../test/api.ts';
import { useMariaDb } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { waitFor } from '../../../../tooling/poll.ts';
import { Documents } from '../../group.ts';
import { createLogger, type Logger } from '../../logger.ts';
import { makeRecords } from '../../record.testing.ts';
import type { DataRecord } from '../../record.ts';
import { storeContract } from '../contract.testing.ts';
import { MySqlStore } from './store.ts';

const PACKET_BYTES = 1 << 20;
const packet = `max-allowed-packet=${PACKET_BYTES}`;
const primary = useMariaDb({ settings: ['log-bin', 'server-id=1', packet] });
const replica = useMariaDb({ settings: ['server-id=2', 'read-only=ON', packet] });

/** Runs statements as the administrator. */
async function admin(server: { url: string }, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const connection = await createConnection({ uri: server.url, user: MARIADB_ADMIN });
  try {
    let rows: unknown;
    for (const sql of statements) [rows] = await connection.query(sql);
    return rows as Record<string, unknown>[];
  } finally {
    await connection.end();
  }
}

/** Clients of a new database. */
async function newDatabase() {
  const name = uniqueName('store').replace('-', '_');
  await admin(primary, `CREATE DATABASE ${name}`);
  const stores: MySqlStore[] = [];
  const open = (readerUrl?: string, logger?: Logger) => {
    const url = databaseUrl(primary.url, name);
    const store = new MySqlStore({ url, readerUrl, username: MARIADB_USER, tls: false, maxConnections: 4, logger });
    stores.push(store);
    return store;
  };
  return { name, open, readerUrl: databaseUrl(replica.url, name), close: () => stores.map((store) => store.close()) };
}

const some = (count: number) => makeRecords('post', 'store-test', Array(count).fill('payload'));
const idsOf = (records: readonly DataRecord[]) => records.map(({ _id }) => _id);

storeContract('mysql', {
  async create() {
    const { open } = await newDatabase();
    return { store: open(), reopen: open };
  },
  async crash(down) {
    primary.server.kill('SIGKILL');
    await primary.server.exited;
    await down?.();
    await primary.restart();
  },
  oversizeBytes: PACKET_BYTES,
  isOrdered: true,
});

test('over TLS, a certificate of an unknown authority is refused', async () => {
  const store = new MySqlStore({ url: primary.url, username: MARIADB_USER, tls: true, maxConnections: 1 });
  await expect(store.findMany(['0'.repeat(24)])).rejects.toThrow(/certificate/);
  await store.close();
});

test('a server that falls silent after the login is given up', async () => {
  const { hostname, port } = new URL(primary.url);
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    server.pipe(client);
    client.once('data', (login) => server.write(login)).on('close', () => server.destroy());
    for (const socket of [client, server]) socket.on('error', () => undefined);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const url = `mysql://127.0.0.1:${(proxy.address() as AddressInfo).port}/breakwater`;
  const store = new MySqlStore({ url, username: MARIADB_USER, tls: false, maxConnections: 1 });
  await expect(store.insert(Documents.ofRecords(some(1)))).rejects.toThrow('timeout');
  await store.close();
  proxy.close();
});

describe('a batch on MySQL', () => {
  let database: Awaited<ReturnType<typeof newDatabase>>;
  let store: MySqlStore;
  beforeAll(async () => {
    database = await newDatabase();
    store = database.open();
    await store.insert(Documents.ofRecords(some(1)));
  });
  afterAll(() => Promise.all(database?.close() ?? []));
  const table = () => `${database.name}.records`;

  test('is stored whole when it is larger than a packet', async () => {
    const records = makeRecords('post', 'large', Array(40).fill("'".repeat(60_000)));
    expect(await store.insert(Documents.ofRecords(records))).toEqual({ stored: 40, duplicates: 0, refused: [] });
    expect(await store.insert(Documents.ofRecords(records))).toEqual({ stored: 0, duplicates: 40, refused: [] });
  });

  test('loses only what a constraint refuses, and counts the rest exactly', async () => {
    await admin(primary, `ALTER TABLE ${table()} ADD CONSTRAINT no_bad CHECK (payload NOT LIKE 'bad%')`);
    const records = makeRecords('post', 'bad', ['a', 'bad 1', 'b', 'c', 'd', 'bad 2', 'bad 3', 'e']);
    await store.insert(Documents.ofRecords([records[2]!]));
    const { stored, duplicates, refused } = await store.insert(Documents.ofRecords(records));
    expect({ stored, duplicates }).toEqual({ stored: 4, duplicates: 1 });
    const reason = expect.stringMatching(/^MySQL 4025: .*no_bad/);
    expect(refused).toEqual([1, 5, 6].map((index) => ({ index, reason })));
  });

  test('loses only what collides in another unique index', async () => {
    await admin(primary, `ALTER TABLE ${table()} ADD COLUMN head CHAR(8) AS (LEFT(payload, 8)) STORED`);
    await admin(primary, `DELETE FROM ${table()}`, `CREATE UNIQUE INDEX heads ON ${table()} (head)`);
    const records = makeRecords('post', 'unique', ['a', 'b', 'a', 'c']);
    const { stored, duplicates, refused } = await store.insert(Documents.ofRecords(records));
    expect({ stored, duplicates }).toEqual({ stored: 3, duplicates: 0 });
    expect(refused).toEqual([{ index: 2, reason: expect.stringContaining('unique index') }]);
    await admin(primary, `DROP INDEX heads ON ${table()}`);
  });

  /** Stores a record by hand, and leaves the transaction open: others wait for it. */
  async function lock({ _id }: DataRecord) {
    const connection = await createConnection({ uri: primary.url, user: MARIADB_ADMIN, database: database.name });
    await connection.query('START TRANSACTION');
    await connection.query(
      `INSERT INTO records (_id, type, \`index\`, payload, createdAt, origin) VALUES ('${_id}', '', 0, '', '2026-01-01', '')`,
    );
    return connection;
  }

  test('counts as a duplicate what another has just stored, while a bad row is looked for', async () => {
    await admin(primary, `ALTER TABLE ${table()} ADD CONSTRAINT no_wrong CHECK (payload <> 'wrong')`);
    const records = makeRecords('post', 'race', ['a', 'wrong', 'b', 'c']);
    await store.insert(Documents.ofRecords([records[0]!]));
    const other = await lock(records[3]!);
    const result = store.insert(Documents.ofRecords(records));
    const waiting = "SELECT COUNT(*) AS n FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    // InnoDB refreshes this table only if it was not read in the last 0.1 s.
    const options = { within: 20, everyMs: 250, onError: 'throw' } as const;
    await waitFor('the batch waits', async () => (await admin(primary, waiting))[0]!.n === 1, options);
    await other.query('COMMIT');
    await other.end();
    const reason = expect.stringContaining('no_wrong');
    expect(await result).toEqual({ stored: 1, duplicates: 2, refused: [{ index: 1, reason }] });
  });

  test('is stored whole or not at all when it is larger than a packet', async () => {
    await admin(primary, 'SET GLOBAL innodb_lock_wait_timeout = 1');
    const impatient = database.open();
    const records = makeRecords('post', 'whole', Array(30).fill('x'.repeat(60_000)));
    const other = await lock(records.at(-1)!);
    await expect(impatient.insert(Documents.ofRecords(records))).rejects.toMatchObject({ errno: 1205 });
    await other.query('ROLLBACK');
    await other.end();
    expect(await impatient.insert(Documents.ofRecords(records))).toEqual({ stored: 30, duplicates: 0, refused: [] });
    await admin(primary, 'SET GLOBAL innodb_lock_wait_timeout = DEFAULT');
  });

  test('is stored after a failover to a server that takes smaller packets', async () => {
    const records = () => Documents.ofRecords(makeRecords('post', 'packets', Array(20).fill('x'.repeat(40_000))));
    expect(await store.insert(records())).toMatchObject({ stored: 20 });
    await admin(primary, `SET GLOBAL max_allowed_packet = ${PACKET_BYTES / 4}`, `KILL USER ${MARIADB_USER}`);
    expect(await until(() => store.insert(records()).catch(() => undefined))).toMatchObject({ stored: 20 });
    await admin(primary, `SET GLOBAL max_allowed_packet = ${PACKET_BYTES}`);
  });

  test('refuses text that a column cannot hold, instead of cutting it', async () => {
    const [long] = makeRecords('post', 'x'.repeat(70_000), ['long origin']);
    const { refused } = await store.insert(Documents.ofRecords([long!]));
    expect(refused).toEqual([{ index: 0, reason: expect.stringMatching(/^MySQL 1406: /) }]);
  });

  test('is tried again, and stored, when the table was wrong for all rows', async () => {
    await admin(primary, `ALTER TABLE ${table()} ADD COLUMN added INT NOT NULL`);
    const records = Documents.ofRecords(some(3));
    await expect(store.insert(records)).rejects.toMatchObject({ errno: 1364 });
    await admin(primary, `ALTER TABLE ${table()} DROP COLUMN added`);
    expect(await store.insert(records)).toMatchObject({ stored: 3 });
  });

  test('is tried again, and stored, on a server that was read-only', async () => {
    await admin(primary, 'SET GLOBAL read_only = ON');
    const records = Documents.ofRecords(some(3));
    await expect(store.insert(records)).rejects.toMatchObject({ errno: 1290 });
    await admin(primary, 'SET GLOBAL read_only = OFF');
    expect(await store.insert(records)).toMatchObject({ stored: 3 });
  });
});

describe('reads', () => {
  beforeAll(async () => {
    const [position] = await admin(primary, 'SELECT @@gtid_current_pos AS gtid');
    const port = new URL(primary.url).port;
    await admin(
      replica,
      `SET GLOBAL gtid_slave_pos = '${position!.gtid}'`,
      `CHANGE MASTER TO master_host = '127.0.0.1', master_port = ${port}, master_user = '${MARIADB_ADMIN}',
        master_use_gtid = slave_pos, master_connect_retry = 1, master_ssl = 0`,
      'START SLAVE',
    );
  });

  /** A database that the replica has. */
  async function replicated() {
    const database = await newDatabase();
    const lines: string[] = [];
    const logger = createLogger('test', 'info', { write: (line) => void lines.push(line) });
    const store = database.open(database.readerUrl, logger);
    const records = some(5);
    await store.insert(Documents.ofRecords(records));
    await until(async () => {
      const found = await admin(replica, `SELECT COUNT(*) AS n FROM ${database.name}.records`).catch(() => []);
      return found[0]?.n === 5;
    });
    return { ...database, store, records, lines };
  }

  test('go to the reader', async () => {
    const { name, store, records, close } = await replicated();
    // Only the replica still has them.
    await admin(replica, 'STOP SLAVE');
    await admin(primary, `DELETE FROM ${name}.records`);
    expect(await store.findMany(idsOf(records))).toHaveLength(5);
    expect(await store.newestIds(10)).toEqual(idsOf(records).reverse());
    expect(await store.count()).toBe(5);
    await admin(replica, 'START SLAVE');
    await Promise.all(close());
  });

  test('find on the primary what a reader that lags behind lacks', async () => {
    const { store, records, close } = await replicated();
    await admin(replica, 'STOP SLAVE');
    const late = some(3);
    await store.insert(Documents.ofRecords(late));
    expect(await store.findMany(idsOf([...records, ...late]))).toHaveLength(8);
    await admin(replica, 'START SLAVE');
    await Promise.all(close());
  });

  test('go to the primary while the reader is away, which is logged', async () => {
    const { store, records, lines, close } = await replicated();
    await replica.server.stop();
    expect(await store.findMany(idsOf(records))).toHaveLength(5);
    expect(await store.count()).toBe(5);
    expect(lines).toEqual([expect.stringContaining('cannot read from the replicas of MySQL')]);
    await Promise.all(close());
  });
});
