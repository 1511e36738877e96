// The path of one request: accepted, readable at once, stored in MongoDB unchanged.
import { randomUUID } from 'node:crypto';
import { connectMongo } from '../../apps/shared/mongo.ts';
import { RECORDS } from '../../apps/shared/store/store.ts';
import { secondsSince, waitFor } from '../../tooling/poll.ts';
import type { Context } from './context.ts';
import type { RunningStack } from './running-stack.ts';

interface Stored {
  readonly _id: string;
  readonly origin: string;
  readonly payload: string;
}

/** @throws Error when the records do not reach MongoDB */
export async function checkDataPath(context: Context): Promise<void> {
  const stack = await context.stack();
  const origin = `e2e/${randomUUID()}`;
  const payloads = [0, 1, 2, 3, 4].map((index) => `${origin} ${index}: ä€😀`);
  const begun = performance.now();
  const ids = await post(stack, origin, payloads);
  const read = await Promise.all(ids.map((id) => stack.call(`/api/records/${id}`)));
  const readBack = read.map(({ status, text }) => (status === 200 ? (JSON.parse(text) as Stored).payload : status));
  context.check('accepted records can be read at once', sameList(readBack, payloads), `${readBack.length} records`);

  const { addresses, close } = await stack.access('store');
  const { client, db } = connectMongo({ url: addresses.storeUrl!, appName: 'e2e' });
  try {
    const stored = await waitFor(
      'the records are in MongoDB',
      async () => {
        const found = await db.collection<Stored>(RECORDS).find({ origin }).sort({ index: 1 }).toArray();
        return found.length >= payloads.length && found;
      },
      { within: 120, signal: context.signal },
    );
    const intact =
      sameList(
        stored.map(({ payload }) => payload),
        payloads,
      ) &&
      sameList(
        stored.map(({ _id }) => String(_id)),
        ids,
      );
    context.check('MongoDB stores them unchanged', intact, `after ${secondsSince(begun).toFixed(1)} s`);
  } finally {
    await client.close();
    await close();
  }
}

/** @returns the ids of the accepted records */
async function post(stack: RunningStack, origin: string, payloads: readonly string[]): Promise<readonly string[]> {
  const answer = await stack.call('/api/data', { method: 'POST', headers: { 'x-origin': origin }, body: { payloads } });
  if (answer.status !== 200) throw new Error(`POST /api/data answered ${answer.status}: ${answer.text}`);
  return (JSON.parse(answer.text) as { writes: string[] }).writes;
}

const sameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);
