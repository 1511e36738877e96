// A small load that keeps a witness, and its ledger: for tests that break things meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectMongo } from '../apps/shared/mongo.ts';
import { payloadFor } from '../apps/shared/payload.ts';
import { RECORDS } from '../apps/shared/store.ts';
import { type Ledger, LedgerBook } from '../loadtest/ledger/ledger.ts';
import { judge, judgeFailure, type Outcome } from '../loadtest/witness/outcome.ts';
import { until } from './until.ts';

export interface LoadOptions {
  /** First part of every origin. */
  run: string;
  /** Base address of the API. */
  url: string;
  users: number;
  /** Each user's pause between two requests, milliseconds. */
  thinkMs: number;
}

export interface WitnessedLoad {
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Resolves when so many more requests were accepted from now on. */
  accepted(more: number): Promise<void>;
  /** What became of the request with this origin; undefined for one of another load. */
  outcomeOf(origin: string): Outcome | undefined;
  /** Ends the load and waits for the answers. */
  end(): Promise<void>;
  /** What was seen against what MongoDB holds. Call it once nothing waits in the queue any more. */
  ledger(mongoUrl: string, payloadChars: number): Promise<Ledger>;
}

/** Starts `GET /api/data` by several users, each with origins `run/user/iteration`. */
export function startLoad({ run, url, users, thinkMs }: LoadOptions): WitnessedLoad {
  const seen: { outcome: Outcome; checksum: number }[][] = Array.from({ length: users }, () => []);
  const counts: Record<Outcome, number> = { accepted: 0, refused: 0, unknown: 0 };
  let ended = false;

  const request = async (origin: string) => {
    try {
      const response = await fetch(`${url}/api/data`, {
        headers: { 'x-origin': origin },
        signal: AbortSignal.timeout(20_000),
      });
      return judge(response.status, await response.text());
    } catch (error) {
      const { cause = error } = error as { cause?: NodeJS.ErrnoException };
      return judgeFailure(cause as NodeJS.ErrnoException, (cause as NodeJS.ErrnoException).code !== 'ECONNREFUSED');
    }
  };
  const user = async (number: number): Promise<void> => {
    for (let iteration = 0; !ended; iteration++) {
      const { outcome, checksum } = await request(`${run}/${number}/${iteration}`);
      seen[number]!.push({ outcome, checksum });
      counts[outcome]++;
      await sleep(thinkMs);
    }
  };
  const done = Promise.all(seen.map((_, number) => user(number)));
  return {
    counts,
    async accepted(more) {
      const goal = counts.accepted + more;
      await until(() => counts.accepted >= goal, 60_000);
    },
    outcomeOf(origin) {
      const [owner, number, iteration] = origin.split('/');
      return owner === run ? seen[Number(number)]?.[Number(iteration)]?.outcome : undefined;
    },
    async end() {
      ended = true;
      await done;
    },
    async ledger(mongoUrl, payloadChars) {
      const iterations = seen.map((requests) => requests.length);
      const book = new LedgerBook(run, iterations);
      for (const [number, requests] of seen.entries())
        for (const [iteration, entry] of requests.entries()) book.witness({ user: number, iteration, ...entry });
      const { client, db } = connectMongo({ url: mongoUrl, appName: 'ledger' });
      try {
        for await (const { _id, origin, index, payload } of db.collection(RECORDS).find()) {
          const [, number, iteration] = String(origin).split('/').map(Number);
          const intact = payload === payloadFor(origin, index, payloadChars);
          book.found({ id: String(_id), user: number!, iteration: iteration!, index, intact });
        }
      } finally {
        await client.close();
      }
      return book.verdict();
    },
  };
}
