import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Documents } from '../../apps/shared/group.ts';
import { connectMongo } from '../../apps/shared/mongo.ts';
import { payloadFor } from '../../apps/shared/payload.ts';
import { makeRecords } from '../../apps/shared/record.testing.ts';
import type { DataRecord } from '../../apps/shared/record.ts';
import { MongoStore } from '../../apps/shared/store/mongo/store.ts';
import { useMongo } from '../../test/servers.ts';
import { WitnessWriter } from '../witness/log.ts';
import { checksumOf } from '../witness/outcome.ts';
import { firstIdAt, runLedger } from './scan.ts';
import { withDatabase } from './store-at.ts';

const mongo = useMongo();
const payloadChars = 512;
let directory: string;
let runs = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-ledger-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const recordsOf = (origin: string): DataRecord[] =>
  makeRecords(
    'post',
    origin,
    [0, 1, 2, 3, 4].map((index) => payloadFor(origin, index, payloadChars)),
  );

/** Plays a run of `requests` accepted requests whose records `alter` may change before they are stored. */
async function play(
  requests: number,
  alter: (records: DataRecord[]) => DataRecord[] = (records) => records,
  deadOf: (records: DataRecord[]) => DataRecord[] = () => [],
) {
  const run = `t${runs++}`;
  const witnessFile = join(directory, 'witness.bin');
  const witness = new WitnessWriter(witnessFile);
  const { client, db } = connectMongo({ url: withDatabase(mongo.url), appName: 'test' });
  const store = new MongoStore(db);
  const startedAt = new Date();
  const records: DataRecord[] = [];
  try {
    for (let i = 0; i < requests; i++) {
      const own = recordsOf(`${run}/${i % 10}/${Math.floor(i / 10)}`);
      witness.add(i % 10, Math.floor(i / 10), 'accepted', checksumOf(own.map(({ _id }) => _id)));
      records.push(...own);
    }
    await store.insert(
      Documents.ofRecords([...alter(records), ...recordsOf(`other${run}/0/0`), ...recordsOf(`${run}x/0/0`)]),
    );
  } finally {
    await client.close();
  }
  await witness.close();
  const dead = { deadRecords: deadOf(records), unexpectedDead: 0 };
  return runLedger({ run, witnessFile, mongoUrl: mongo.url, startedAt, payloadChars, ...dead });
}

describe('the ledger over a real MongoDB', () => {
  test('clean, and blind to the records of others', async () => {
    expect(await play(200)).toMatchObject({ promised: 1000, stored: 1000, lost: 0, phantom: 0, ok: true });
  });

  test('finds what is lost, double, corrupt and phantom', async () => {
    const ledger = await play(100, (records) => {
      const again = { ...records[10]!, _id: 'f'.repeat(24) };
      const damaged = {
        ...records[20]!,
        payload: `${records[20]!.payload.slice(0, 300)}?${records[20]!.payload.slice(301)}`,
      };
      const neverAsked = recordsOf(records[30]!.origin.replace(/\d+$/, '999'))[0]!;
      return [...records.slice(1, 20), damaged, ...records.slice(21), again, neverAsked];
    });
    expect(ledger).toMatchObject({ promised: 500, lost: 1, double: 1, corrupt: 1, phantom: 1, ok: false });
  });

  test('a dead letter accounts for its own record only; an empty one is a loss', async () => {
    const without = (records: DataRecord[]) => records.slice(2);
    const [empty, foreign] = [recordsOf('')[0]!, recordsOf('other/0/0')[0]!];
    const ledger = await play(10, without, ([first]) => [first!, { ...empty, _id: '' }, foreign]);
    expect(ledger).toMatchObject({ dead: 1, lost: 1, ok: false });
    expect(await play(10, without, (records) => records.slice(0, 2))).toMatchObject({ dead: 2, lost: 0, ok: true });
  });

  test('an unreachable MongoDB is an error, not a verdict', async () => {
    const options = { run: 'x', startedAt: new Date(), payloadChars, deadRecords: [], unexpectedDead: 0 };
    const witnessFile = join(directory, 'empty.bin');
    await new WitnessWriter(witnessFile).close();
    await expect(runLedger({ ...options, witnessFile, mongoUrl: 'mongodb://127.0.0.1:1' })).rejects.toThrow(
      /ECONNREFUSED/,
    );
    await expect(runLedger({ ...options, witnessFile, mongoUrl: 'localhost' })).rejects.toThrow(/no MongoDB address/);
  });
});

test.each([
  ['mongodb://h:1', 'mongodb://h:1/breakwater'],
  ['mongodb://h:1/', 'mongodb://h:1/breakwater'],
  ['mongodb://h:1/?directConnection=true', 'mongodb://h:1/breakwater?directConnection=true'],
  ['mongodb://u:p@h:1,i:2/mine?x=1', 'mongodb://u:p@h:1,i:2/mine?x=1'],
])('the database of %s', (given, expected) => expect(withDatabase(given)).toBe(expected));

test('the first id of a second', () => {
  expect(firstIdAt(new Date(0x65f0a0b0 * 1000))).toBe('65f0a0b00000000000000000');
  expect(firstIdAt(new Date(0x65f0a0b0 * 1000), 16)).toBe('65f0a0a00000000000000000');
});
