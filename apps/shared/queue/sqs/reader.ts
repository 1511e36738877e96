// Delivering records from SQS: messages are received ahead, hidden from other consumers for as long
// as this process lives, and deleted as they are acknowledged.
import { setTimeout as sleep } from 'node:timers/promises';
import { Documents } from '../../group.ts';
import type { Logger } from '../../logger.ts';
import type { Batch, BatchLimits, QueueReader, Refusal } from '../queue.ts';
import { Waiters } from '../waiters.ts';
import { BATCH, type Incoming, type SqsCalls } from './client.ts';
import type { Counted, SqsCounts } from './counts.ts';
import { type Letter, letterOf, unreadableLetter } from './letter.ts';
import type { LetterCopies } from './letter-copies.ts';

export interface SqsReaderOptions extends BatchLimits {
  /** After so long without a sign of life, seconds, other consumers get what this one has. */
  readonly visibilitySeconds: number;
}

/** A message that this process has in hand. */
interface Held extends Omit<Incoming, 'handle'>, Counted {
  handle: string;
  /** Undefined when it holds none. */
  readonly documents: Documents | undefined;
  readonly problem: string | undefined;
  readonly traceparents: readonly string[];
}

/** Receives under way at once, at most. */
const RECEIVERS = 3;
/** How often messages are deleted that SQS did not delete at once. */
const DELETE_ATTEMPTS = 3;

export class SqsReader implements QueueReader {
  readonly #calls: SqsCalls;
  readonly #counts: SqsCounts;
  readonly #copies: LetterCopies;
  readonly #options: SqsReaderOptions;
  readonly #logger: Logger;
  /** By the message's id: received and not yet acknowledged. */
  readonly #held = new Map<string, Held>();
  /** Received and not yet part of a batch. */
  #waiting: Held[] = [];
  /** Of the messages received last; at first that of a full one. */
  #meanBytes = 60_000;
  /** The last receive found as many messages as it could take. */
  #busy = false;
  #hideFailed = false;
  /** Gone from SQS, and not yet part of a batch. */
  #lost = 0;
  readonly #arrived = new Waiters();
  readonly #taken = new Waiters();
  readonly #closing = new AbortController();
  readonly #receivers: Promise<void>[];
  readonly #heartbeat: NodeJS.Timeout;

  constructor(calls: SqsCalls, counts: SqsCounts, copies: LetterCopies, options: SqsReaderOptions, logger: Logger) {
    this.#calls = calls;
    this.#counts = counts;
    this.#copies = copies;
    this.#options = options;
    this.#logger = logger;
    // Being slow is not being dead: MongoDB may be away for hours.
    this.#heartbeat = setInterval(() => void this.#hide(options.visibilitySeconds), options.visibilitySeconds * 333);
    this.#receivers = Array.from({ length: RECEIVERS }, (_, i) => this.#receive(i === 0));
  }

  /** Accepted records that can no longer be delivered. */
  addLost(records: number): void {
    this.#lost += records;
    if (records > 0) this.#arrived.wake();
  }

  async next(): Promise<Batch | undefined> {
    const { flushIntervalMs } = this.#options;
    let deadline = Number.POSITIVE_INFINITY;
    while (!this.#closed) {
      if (this.#missing() === 0 || this.#lost > 0) return this.#toBatch(this.#cut());
      const now = performance.now();
      if (this.#waiting.length > 0) deadline = Math.min(deadline, now + flushIntervalMs);
      if (deadline <= now) return this.#toBatch(this.#cut());
      await this.#arrived.wait(Math.min(deadline - now, 1_000));
    }
    return undefined;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closing.abort();
    clearInterval(this.#heartbeat);
    this.#arrived.wake();
    this.#taken.wake();
    await Promise.all(this.#receivers);
    await this.#hide(0);
    this.#held.clear();
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Keeps what is in hand for so long from now on. */
  async #hide(seconds: number): Promise<void> {
    const handles = () => Array.from(this.#held.values(), ({ handle }) => handle);
    const failed = await this.#calls.hide(handles(), seconds);
    // Not those that were acknowledged meanwhile.
    const left = new Set(handles());
    const lost = failed.filter((handle) => left.has(handle)).length;
    if (lost > 0 && !this.#hideFailed)
      this.#logger.warn({ messages: lost }, 'could not keep messages in hand; others may get them too');
    this.#hideFailed = lost > 0;
  }

  /** Bytes that a batch lacks; 0 when it is full. */
  #missing(): number {
    const { batchSize, batchBytes } = this.#options;
    let [records, bytes] = [0, 0];
    for (const message of this.#waiting) {
      records += message.records;
      bytes += message.bytes;
    }
    return records >= batchSize ? 0 : Math.max(0, batchBytes - bytes);
  }

  /**
   * One of the receivers: the first receives whenever a batch is not full, the others under load.
   */
  async #receive(isFirst: boolean): Promise<void> {
    for (let failures = 0; !this.#closed; ) {
      const missing = this.#missing();
      if (missing === 0) {
        await this.#taken.wait(1_000);
        continue;
      }
      if (!isFirst && !this.#busy) {
        await this.#arrived.wait(1_000);
        continue;
      }
      try {
        // Each receive is billed: it takes as many messages as it can.
        const count = Math.min(BATCH, Math.ceil(missing / this.#meanBytes));
        const messages = await this.#calls.receive(count, this.#options.visibilitySeconds);
        this.#busy = messages.length === count;
        this.#take(messages);
        failures = 0;
      } catch (error) {
        this.#busy = false;
        if (this.#closed) return;
        if (failures++ === 0)
          this.#logger.error({ err: (error as Error).message }, 'receiving from SQS failed; trying again');
        const pauseMs = Math.min(100 * 2 ** Math.min(failures, 5), 2_000);
        await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  #take(messages: readonly Incoming[]): void {
    const fresh: Held[] = [];
    for (const message of messages) {
      const known = this.#held.get(message.id);
      // Delivered again although it is still in hand: only the new handle deletes it.
      if (known) known.handle = message.handle;
      else fresh.push(toHeld(message));
    }
    if (fresh.length === 0) return;
    for (const message of fresh) {
      this.#held.set(message.id, message);
      if (message.problem !== undefined)
        this.#logger.error(
          { message: message.id, err: message.problem },
          'a message holds no records; it goes to the dead letters',
        );
    }
    this.#waiting.push(...fresh);
    this.#meanBytes = Math.max(1, fresh.reduce((sum, { bytes }) => sum + bytes, 0) / fresh.length);
    this.#arrived.wake();
  }

  /** The messages of the next batch. */
  #cut(): readonly Held[] {
    const { batchSize, batchBytes } = this.#options;
    let [records, bytes, count] = [0, 0, 0];
    for (const message of this.#waiting) {
      records += message.records;
      bytes += message.bytes;
      if (count > 0 && (records > batchSize || bytes > batchBytes)) break;
      count++;
    }
    const messages = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#taken.wake();
    return messages;
  }

  #toBatch(messages: readonly Held[]): Batch {
    const documents = Documents.join(messages.flatMap((message) => message.documents ?? []));
    const lost = this.#lost;
    this.#lost = 0;
    return {
      documents,
      accepted: messages.map(({ sentAt, records }) => ({ at: sentAt, records })),
      redelivered: messages.reduce((sum, { redelivered, records }) => sum + (redelivered ? records : 0), 0),
      lost,
      traceparents: [...new Set(messages.flatMap(({ traceparents }) => traceparents))],
      acknowledge: (refused = []) =>
        this.#acknowledge(messages, [
          ...messages.filter(({ problem }) => problem !== undefined).map(unreadable),
          ...refused.map((refusal) => refusedLetter(documents, refusal, messages[0]!.id)),
        ]),
    };
  }

  async #acknowledge(messages: readonly Held[], letters: readonly Letter[]): Promise<void> {
    try {
      const isCopied = await this.#copies.add(letters);
      await this.#counts.acknowledge(
        messages.filter(({ key }) => key !== ''),
        letters,
        isCopied,
      );
      let left = messages.map(({ handle }) => handle);
      for (let attempt = 0; left.length > 0; attempt++) {
        if (attempt === DELETE_ATTEMPTS) throw new Error(`SQS did not delete ${left.length} messages`);
        left = await this.#calls.delete(left);
      }
    } finally {
      // Also when it failed: what is no longer kept is delivered again.
      for (const { id } of messages) this.#held.delete(id);
    }
  }
}

function toHeld(message: Incoming): Held {
  const { body, group } = message;
  const [, key = '', records = '0', traces = ''] = /^([0-9a-f]+) (\d+)((?: [0-9a-f-]+)*)$/.exec(body) ?? [];
  const traceparents = traces.split(' ').slice(1);
  const common = { ...message, key, records: Number(records), bytes: group?.length ?? 0, traceparents };
  try {
    if (key === '' || group === undefined) throw new SyntaxError('not a group of records: not a message of this queue');
    return { ...common, documents: Documents.ofGroup(group), problem: undefined };
  } catch (error) {
    return { ...common, documents: undefined, problem: (error as Error).message };
  }
}

const unreadable = ({ id, problem, group, body }: Held): Letter =>
  unreadableLetter(`unreadable-${id}`, problem ?? '', group?.toString() ?? body);

function refusedLetter(documents: Documents, { index, reason }: Refusal, message: string): Letter {
  try {
    const record = documents.record(index);
    return letterOf(record._id, reason, record);
  } catch {
    return unreadableLetter(`unreadable-${message}-${index}`, reason, documents.at(index).toString());
  }
}
