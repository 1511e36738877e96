// A small load that keeps a witness, and its ledger: for tests that break things meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetter } from '../apps/shared/queue/queue.ts';
import type { DataRecord } from '../apps/shared/record.ts';
import { type Found, type Ledger, LedgerBook } from '../loadtest/ledger/ledger.ts';
import { storeAt } from '../loadtest/ledger/store-at.ts';
import { expectedPayload, type Mix, mixedRequest } from '../loadtest/mixed.ts';
import { judge, judgeFailure, type Outcome } from '../loadtest/witness/outcome.ts';
import { until } from './until.ts';

export interface LoadOptions {
  /** First part of every origin. */
  readonly run: string;
  /** Base address of the API. */
  readonly url: string;
  readonly users: number;
  /** Each user's pause between two requests, milliseconds. */
  readonly thinkMs: number;
  /** Mixes GET with POST of all sizes and texts. Default: GET only. */
  readonly mix?: Mix;
}

/**
 * Requests to `/api/data` by several users, each with origins `run/user/iteration`, from its
 * construction on.
 */
export class WitnessedLoad {
  readonly counts: Record<Outcome, number> = { accepted: 0, refused: 0, unknown: 0 };
  readonly #options: LoadOptions;
  readonly #seen: { outcome: Outcome; checksum: number }[][];
  readonly #done: Promise<unknown>;
  #ended = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#seen = Array.from({ length: options.users }, () => []);
    this.#done = Promise.all(this.#seen.map((_, user) => this.#run(user)));
  }

  async #run(user: number): Promise<void> {
    const { run, thinkMs } = this.#options;
    for (let iteration = 0; !this.#ended; iteration++) {
      const { outcome, checksum } = await this.#request(`${run}/${user}/${iteration}`);
      this.#seen[user]!.push({ outcome, checksum });
      this.counts[outcome]++;
      await sleep(thinkMs);
    }
  }

  async #request(origin: string) {
    try {
      const { mix, url } = this.#options;
      const { body } = mix ? mixedRequest(origin, mix) : {};
      const response = await fetch(`${url}/api/data`, {
        ...(body !== undefined && { method: 'POST', body }),
        headers: { 'x-origin': origin, ...(body !== undefined && { 'content-type': 'application/json' }) },
        signal: AbortSignal.timeout(20_000),
      });
      return judge(response.status, await response.text());
    } catch (error) {
      const { cause = error } = error as { cause?: NodeJS.ErrnoException };
      return judgeFailure(cause as NodeJS.ErrnoException, (cause as NodeJS.ErrnoException).code !== 'ECONNREFUSED');
    }
  }

  /** Resolves once `more` requests have been accepted from now on. */
  async accepted(more: number): Promise<void> {
    const goal = this.counts.accepted + more;
    await until(() => this.counts.accepted >= goal, 60_000);
  }

  /** The outcome of the request with this origin; undefined for one of another load. */
  outcomeOf(origin: string): Outcome | undefined {
    const [owner, user, iteration] = origin.split('/');
    return owner === this.#options.run ? this.#seen[Number(user)]?.[Number(iteration)]?.outcome : undefined;
  }

  /** Ends the load and waits for the answers. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#done;
  }

  /**
   * Compares what was seen with what the store and the dead letters hold. Call it once the queue is
   * empty.
   * @param storeUrl as `storeAt` takes it
   */
  async ledger(storeUrl: string, payloadChars: number, deadLetters: readonly DeadLetter[] = []): Promise<Ledger> {
    const { run } = this.#options;
    const iterations = this.#seen.map((requests) => requests.length);
    const book = new LedgerBook(run, iterations);
    for (const [user, requests] of this.#seen.entries())
      for (const [iteration, entry] of requests.entries()) book.witness({ user, iteration, ...entry });
    const store = await storeAt(storeUrl);
    try {
      for await (const record of store.scan('0'))
        if (record.origin.startsWith(`${run}/`)) book.found(this.#toFound(record, payloadChars));
    } finally {
      await store.close();
    }
    for (const { record } of deadLetters) book.dead(this.#toFound(record, payloadChars));
    return book.verdict();
  }

  #toFound({ _id, origin, index, payload }: Omit<DataRecord, 'createdAt'>, payloadChars: number): Found {
    const { mix } = this.#options;
    const [, user, iteration] = origin.split('/').map(Number);
    return {
      id: _id,
      user: user!,
      iteration: iteration!,
      index,
      intact: payload === expectedPayload(origin, index, payloadChars, mix),
    };
  }
}
