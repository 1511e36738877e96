// Runs the ledger: reads the witness log twice (sizes, then outcomes) and MongoDB once, through no
// gate, in bounded memory.
import type { StoredRecord } from '../../apps/shared/document.ts';
import { connectMongo } from '../../apps/shared/mongo.ts';
import type { DataRecord } from '../../apps/shared/record.ts';
import { RECORDS } from '../../apps/shared/store/store.ts';
import { expectedPayload, type Mix } from '../mixed.ts';
import { readWitness } from '../witness/log.ts';
import { countIterations, type Found, type Ledger, LedgerBook } from './ledger.ts';
import { readRecord } from './raw-record.ts';
import { STORE_PROTOCOLS, storeAt, withDatabase } from './store-at.ts';

export interface ScanOptions {
  readonly run: string;
  readonly witnessFile: string;
  /** MongoDB's own address, not the gate's; or that of another store, as `storeAt` takes it. */
  readonly mongoUrl: string;
  /** When the run started; ids begin with the second they were made in. */
  readonly startedAt: Date;
  /** Length that every payload must have. */
  readonly payloadChars: number;
  /** The mix of the load. Default: GET only. */
  readonly mix?: Mix | undefined;
  /** Dead letters that the run added and did not expect. */
  readonly unexpectedDead: number;
  /** The records of the dead letters, of this run or not. */
  readonly deadRecords: readonly DataRecord[];
  /** Called now and then with the number of records read so far. */
  readonly onProgress?: (records: number) => void;
}

/** The API's clock may be this far behind ours. */
const CLOCK_SLACK_SECONDS = 300;
const PROGRESS_EVERY = 50_000;

/** The first id that a record made at this time can have. */
export const firstIdAt = (time: Date, slackSeconds = 0): string =>
  Math.max(0, Math.floor(time.getTime() / 1000) - slackSeconds)
    .toString(16)
    .padStart(8, '0')
    .padEnd(24, '0');

/** @throws when MongoDB can't be reached, the log can't be read, or a document is no record */
export async function runLedger(options: ScanOptions): Promise<Ledger> {
  const book = new LedgerBook(options.run, await countIterations(readWitness(options.witnessFile)));
  for await (const entry of readWitness(options.witnessFile)) book.witness(entry);

  const found = STORE_PROTOCOLS.some((protocol) => options.mongoUrl.startsWith(`${protocol}:`))
    ? foundInStore(options)
    : foundInMongo(options);
  let records = 0;
  for await (const record of found) {
    book.found(record);
    if (++records % PROGRESS_EVERY === 0) options.onProgress?.(records);
  }
  options.onProgress?.(records);
  for (const record of options.deadRecords) {
    const found = foundIn(record, options);
    if (found) book.dead(found);
  }
  return book.verdict(options.unexpectedDead);
}

async function* foundInMongo({ mongoUrl, startedAt, run, payloadChars, mix }: ScanOptions): AsyncGenerator<Found> {
  const { client, db } = connectMongo({ url: withDatabase(mongoUrl), appName: 'loadtest' });
  try {
    const cursor = db.collection<StoredRecord>(RECORDS).find(
      {
        _id: { $gte: firstIdAt(startedAt, CLOCK_SLACK_SECONDS) },
        origin: { $gte: `${run}/`, $lt: `${run}0` },
      },
      { projection: { origin: 1, index: 1, payload: 1 }, batchSize: 10_000, raw: true },
    );
    for await (const bytes of cursor as unknown as AsyncIterable<Buffer>) {
      const record = readRecord(bytes, run, payloadChars, mix);
      if (record !== null) yield record;
    }
  } finally {
    await client.close();
  }
}

async function* foundInStore(options: ScanOptions): AsyncGenerator<Found> {
  const store = await storeAt(options.mongoUrl);
  try {
    for await (const record of store.scan(firstIdAt(options.startedAt, CLOCK_SLACK_SECONDS))) {
      const found = foundIn(record, options);
      if (found !== null) yield found;
    }
  } finally {
    await store.close();
  }
}

/** The record as the ledger wants it; null if it is of another run. */
function foundIn({ _id, origin, index, payload }: DataRecord, { run, payloadChars, mix }: ScanOptions): Found | null {
  const [, user, iteration] = new RegExp(`^${run}/(\\d+)/(\\d+)$`).exec(origin) ?? [];
  if (user === undefined) return null;
  const intact = payload === expectedPayload(origin, index, payloadChars, mix);
  return { id: _id, user: Number(user), iteration: Number(iteration), index, intact };
}
