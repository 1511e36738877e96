// What every store must do, as tests: each adapter runs them against a real server.
import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '../../../test/until.ts';
import { Documents } from '../group.ts';
import { makeRecords } from '../record.testing.ts';
import type { DataRecord } from '../record.ts';
import type { Store } from './store.ts';

/** One adapter with its server. */
export interface ContractSubject {
  /** An empty store; `reopen` makes another client of it. */
  create(): Promise<{ store: Store; reopen(): Store }>;
  /** Kills the server with SIGKILL and starts it again over its data; `down` runs in between. */
  crash(down?: () => Promise<void>): Promise<void>;
  /** A record with a payload of this many bytes can never be stored. */
  oversizeBytes: number;
  /** Whether `newestIds` gives the newest: else it gives any. */
  isOrdered: boolean;
}

/** Texts that a conversion on the way would change. */
const TEXTS = [
  'plain',
  '',
  ' spaces around ',
  'Grüße, 世界 🌊, e\u0301',
  '"double" \'single\' `back` \\ \\\\ \\n %s ? :name /* -- */ ;',
  '\u0000 \u0001 \b \t \n \r \u001a \u007f \u2028 \ufeff \uffff',
  'x'.repeat(100_000),
];

const some = (count: number) => makeRecords('post', 'contract', Array(count).fill('payload'));
const byId = (records: readonly DataRecord[]) => [...records].sort((a, b) => (a._id < b._id ? -1 : 1));
const idsOf = (records: readonly DataRecord[]) => records.map(({ _id }) => _id);

/** Declares the tests. Call it once in a test file, with the servers of that file. */
export function storeContract(kind: string, subject: ContractSubject): void {
  const opened: Store[] = [];
  const open = async () => {
    const { store, reopen } = await subject.create();
    opened.push(store);
    return {
      store,
      reopen: () => {
        const other = reopen();
        opened.push(other);
        return other;
      },
    };
  };

  describe(`the store contract: ${kind}`, () => {
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });

    test('records come out as they went in', async () => {
      const { store } = await open();
      const times = [new Date('2026-01-02T03:04:05.678Z'), new Date('1999-12-31T23:59:59.999Z'), new Date(0)];
      const records = times.flatMap((time) => makeRecords('täglich', 'who? "me"', TEXTS, time));
      const result = await store.insert(Documents.ofRecords(records));
      expect(result).toEqual({ stored: records.length, duplicates: 0, refused: [] });
      expect(byId(await store.findMany(idsOf(records)))).toEqual(byId(records));
      expect(await store.findMany(['0'.repeat(24)])).toEqual([]);
    });

    test('half of a surrogate pair is stored as the replacement character', async () => {
      const { store } = await open();
      const [record] = makeRecords('post', 'contract', ['half \ud800 pair']);
      await store.insert(Documents.ofRecords([record!]));
      expect(await store.findMany([record!._id])).toEqual([{ ...record, payload: 'half \ufffd pair' }]);
    });

    test('counts what is stored, and lists ids', async () => {
      const { store } = await open();
      expect([await store.count(), await store.newestIds(5)]).toEqual([0, []]);
      const records = some(300);
      await store.insert(Documents.ofRecords(records));
      expect(await store.count()).toBe(300);
      expect([...(await store.newestIds(1_000))].sort()).toEqual(idsOf(records).sort());
      const newest = await store.newestIds(7);
      if (subject.isOrdered) expect(newest).toEqual(idsOf(records).sort().reverse().slice(0, 7));
      else expect(new Set(newest).size).toBe(7);
    });

    test('scans all records from an id on', async () => {
      const { store } = await open();
      const records = byId(makeRecords('post', 'scan', Array(1_200).fill('x'.repeat(1_000))));
      await store.insert(Documents.ofRecords(records));
      const scanned: DataRecord[] = [];
      for await (const record of store.scan(records[200]!._id)) scanned.push(record);
      expect(byId(scanned)).toEqual(records.slice(200));
    });

    test('a batch that comes again is duplicates, whole or in part', async () => {
      const { store } = await open();
      const records = some(10);
      await store.insert(Documents.ofRecords(records.slice(0, 6)));
      expect(await store.insert(Documents.ofRecords(records))).toEqual({ stored: 4, duplicates: 6, refused: [] });
      expect(await store.insert(Documents.ofRecords(records), true)).toEqual({
        stored: 0,
        duplicates: 10,
        refused: [],
      });
      expect(await store.count()).toBe(10);
    });

    test('a record twice in one batch is stored once', async () => {
      const { store } = await open();
      const records = some(3);
      const result = await store.insert(Documents.ofRecords([...records, records[1]!]));
      expect(result).toEqual({ stored: 3, duplicates: 1, refused: [] });
    });

    test('nothing is nothing', async () => {
      const { store } = await open();
      const nothing = { stored: 0, duplicates: 0, refused: [] };
      expect(await store.insert(Documents.ofRecords([]))).toEqual(nothing);
      expect(await store.findMany([])).toEqual([]);
    });

    test('several that store the same batch at once count each record once', async () => {
      const { store, reopen } = await open();
      const stores = [store, reopen(), reopen()];
      const batches = [some(150), some(150)];
      const inserts = batches.flatMap((records) =>
        stores.map((each) => insertUntilDone(each, Documents.ofRecords(records))),
      );
      const results = await Promise.all(inserts);
      expect(results.reduce((sum, { stored }) => sum + stored, 0)).toBe(300);
      expect(results.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(600);
      expect(await store.count()).toBe(300);
    });

    test('a record that is too large is refused, its neighbours are stored', async () => {
      const { store } = await open();
      const records = makeRecords('post', 'large', ['a', 'x'.repeat(subject.oversizeBytes), 'c']);
      const { stored, refused } = await store.insert(Documents.ofRecords(records));
      expect(stored).toBe(2);
      expect(refused).toEqual([{ index: 1, reason: expect.stringMatching(/larger than|too large/i) }]);
      expect(byId(await store.findMany(idsOf(records)))).toEqual([records[0], records[2]]);
    });

    test('bytes that are no document are refused, their neighbours are stored', async () => {
      const { store } = await open();
      const records = some(5);
      const documents = Documents.ofRecords(records);
      // The type of the second document's first field.
      documents.at(1)[4] = 0x7e;
      const { stored, refused } = await store.insert(documents, true);
      expect(stored).toBe(4);
      expect(refused).toEqual([{ index: 1, reason: 'not valid BSON' }]);
      expect(await store.findMany(idsOf(records))).toHaveLength(4);
    });

    test('what was stored survives SIGKILL, and the same client works again', async () => {
      const { store } = await open();
      const stored: DataRecord[] = [];
      const writing = (async () => {
        for (;;) {
          const records = some(50);
          // The batch under way when the server is killed may be stored or not. It is the last one:
          // a loop of calls that fail at once would let nothing else happen.
          const isStored = await store.insert(Documents.ofRecords(records)).then(
            () => true,
            () => false,
          );
          if (!isStored) return;
          stored.push(...records);
        }
      })();
      await until(() => stored.length >= 500);
      await subject.crash(async () => {
        await writing;
        await expect(store.insert(Documents.ofRecords(some(1)))).rejects.toThrow();
        await expect(store.findMany(idsOf(stored.slice(0, 1)))).rejects.toThrow();
      });
      const late = some(10);
      expect(await insertUntilDone(store, Documents.ofRecords(late))).toMatchObject({ stored: 10, duplicates: 0 });
      const ids = idsOf([...stored, ...late]);
      const found: string[] = [];
      for (let at = 0; at < ids.length; at += 200) found.push(...idsOf(await store.findMany(ids.slice(at, at + 200))));
      expect(found.sort()).toEqual(ids.sort());
    });
  });
}

/** As the consumer does: tries again for as long as the store does not take the batch. */
function insertUntilDone(store: Store, documents: Documents) {
  return until(() => store.insert(documents, true).catch(() => undefined));
}
