// The durable copies of the dead letters, in a second SQS queue. It cannot be listed or searched,
// so the letters are read from Redis (dead-letters.ts); when Redis has lost them, they come back
// from here.
import { gunzipSync, gzipSync } from 'node:zlib';
import { QueueRefusedError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { BATCH, type Incoming, type SqsAddress, SqsCalls } from './client.ts';
import { type Letter, unreadableLetter } from './letter.ts';

/** The queue of the copies is named after the one that the letters come from. */
const SUFFIX = '-dlq';
/** What this process has received is hidden from others for so long, seconds. */
const HOLD_SECONDS = 60;
/** Copies sent at once. */
const SENDS = 16;

export class LetterCopies {
  readonly #calls: SqsCalls;
  readonly #logger: Logger;
  /** What this process has received: the latest handle of each message, by letter. */
  readonly #held = new Map<string, Map<string, string>>();

  constructor(address: SqsAddress, logger: Logger) {
    this.#calls = new SqsCalls({ ...address, queueUrl: `${address.queueUrl}${SUFFIX}` });
    this.#logger = logger;
  }

  /** Number of copies, up to a minute old. @throws when there is no such queue */
  async count(): Promise<number> {
    return (await this.#calls.state()).messages;
  }

  /**
   * Resolves once SQS has the copies.
   * @returns whether it has all of them: a letter may be larger than a message can be
   */
  async add(letters: readonly Letter[]): Promise<boolean> {
    let isWhole = true;
    const next = letters.values();
    const send = async () => {
      for (const letter of next) {
        const bytes = gzipSync(JSON.stringify(letter));
        await this.#calls.send(letter.id, bytes).catch((error) => {
          if (!(error instanceof QueueRefusedError)) throw error;
          this.#logger.warn(
            { letter: letter.id, bytes: bytes.length },
            'a dead letter is too large for SQS: only Redis has it',
          );
          isWhole = false;
        });
      }
    };
    await Promise.all(Array.from({ length: Math.min(SENDS, letters.length) }, send));
    return isWhole;
  }

  /** Deletes a letter's copy. @throws when SQS does not delete it, or another process holds it */
  async remove(id: string): Promise<void> {
    const end = performance.now() + 2 * HOLD_SECONDS * 1_000;
    while (!this.#held.has(id)) {
      if ((await this.#receive()).length > 0) continue;
      // SQS has deleted the copies of letters that are older than its retention period.
      if ((await this.count()) <= this.#handles().length) return;
      if (performance.now() > end) throw new Error(`the copy of ${id} is in use; try again in a minute`);
    }
    if ((await this.#calls.delete([...this.#held.get(id)!.values()])).length > 0)
      throw new Error(`SQS did not delete the copy of ${id}; try again`);
    this.#held.delete(id);
  }

  /**
   * Reads the letters, up to ten at a time, and deletes duplicate copies. Ends when nothing is
   * left, or when letters are delivered again because reading took longer than they were hidden.
   */
  async *read(): AsyncGenerator<Letter[]> {
    for (let messages = await this.#receive(); messages.length > 0; messages = await this.#receive()) {
      yield messages.map(letterIn);
      for (const { body } of messages) {
        const [first, ...again] = this.#held.get(body)!;
        if (again.length === 0) continue;
        await this.#calls.delete(again.map(([, handle]) => handle));
        this.#held.set(body, new Map([first!]));
      }
    }
    await this.#release();
  }

  async close(): Promise<void> {
    await this.#release();
    this.#calls.close();
  }

  /** @returns those that it does not hold already */
  async #receive(): Promise<Incoming[]> {
    const messages = await this.#calls.receive(BATCH, HOLD_SECONDS);
    return messages.filter(({ id, body, handle }) => {
      const copies = this.#held.get(body) ?? new Map<string, string>();
      const isNew = !copies.has(id);
      this.#held.set(body, copies.set(id, handle));
      return isNew;
    });
  }

  #handles(): string[] {
    return [...this.#held.values()].flatMap((copies) => [...copies.values()]);
  }

  /** Makes what it holds visible to other processes. */
  async #release(): Promise<void> {
    const handles = this.#handles();
    this.#held.clear();
    await this.#calls.hide(handles, 0);
  }
}

function letterIn({ body, group, sentAt }: Incoming): Letter {
  try {
    return JSON.parse(gunzipSync(group!).toString());
  } catch {
    // Not a letter: listed, so that it can be dropped.
    return unreadableLetter(body, 'not a dead letter of this queue', body, new Date(sentAt));
  }
}
