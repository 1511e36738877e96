// What waits in SQS, counted in Redis (scripts.ts). SQS is what decides: while Redis is away,
// records are accepted and acknowledged all the same, and the counts are repaired afterwards.
import type { Logger } from '../../logger.ts';
import { dropIfStalled } from '../../redis.ts';
import type { QueueDepth, QueueLimits } from '../queue.ts';
import type { SqsCalls } from './client.ts';
import type { Letter } from './letter.ts';
import type { ScriptedRedis, SqsKeys } from './scripts.ts';

/** What is counted of a message. */
export interface Counted {
  /** Unlike that of any other message; no spaces. */
  readonly key: string;
  readonly records: number;
  /** Of its group. */
  readonly bytes: number;
}

/** How often the counts are compared with SQS, by one process, seconds. */
const PERIOD_SECONDS = 60;
/** Members of an empty SQS go after so long, milliseconds: it counts late by up to a minute. */
const STALE_MS = 300_000;
/**
 * Acknowledgements kept until Redis is back, at most. The next comparison with an empty SQS corrects
 * the counts of the others.
 */
const MOST_OWED = 10_000;

const memberOf = ({ key, records, bytes }: Counted): string => `${key} ${records} ${bytes}`;

export interface CountsOptions extends QueueLimits {
  /** A message that was counted longer ago than this, milliseconds, is no longer being sent. */
  readonly orphanMs: number;
}

export class SqsCounts {
  readonly #redis: ScriptedRedis;
  readonly #keys: SqsKeys;
  readonly #options: CountsOptions;
  readonly #logger: Logger;
  /** Acknowledged while Redis was away. */
  #owed: string[] = [];
  #failing = false;

  constructor(redis: ScriptedRedis, keys: SqsKeys, options: CountsOptions, logger: Logger) {
    this.#redis = redis;
    this.#keys = keys;
    this.#options = options;
    this.#logger = logger;
    redis.on('ready', () => {
      if (this.#owed.length > 0) void this.acknowledge([], [], true);
    });
  }

  /**
   * Counts a message that is about to be sent.
   * @returns false where there is no room for it; undefined where Redis does not answer
   */
  async reserve(message: Counted): Promise<boolean | undefined> {
    const { counts, sending } = this.#keys;
    const { maxLength, maxBytes } = this.#options;
    const args = [maxLength, maxBytes, Date.now(), memberOf(message), message.records, message.bytes];
    const reply = await this.#try(() => this.#redis.sqsReserve(2, counts, sending, args));
    return reply === undefined ? undefined : reply === 1;
  }

  /** SQS has a message that was reserved. */
  async confirm(message: Counted): Promise<void> {
    const { sending, waiting } = this.#keys;
    await this.#try(() => this.#redis.sqsConfirm(2, sending, waiting, memberOf(message)));
  }

  /** Uncounts a message that SQS did not confirm. */
  async release(message: Counted): Promise<void> {
    const { counts, waiting, sending } = this.#keys;
    await this.#try(() => this.#redis.sqsRelease(3, counts, waiting, sending, memberOf(message)));
  }

  /**
   * Counts messages as acknowledged, once each, after the dead letters are written.
   * @param isCopied whether SQS has copies from which the letters can be restored
   * @throws when it has none and Redis does not accept the letters
   */
  async acknowledge(messages: readonly Counted[], letters: readonly Letter[], isCopied: boolean): Promise<void> {
    const { counts, waiting, sending, deadLetters, letters: texts } = this.#keys;
    const members = [...this.#owed.splice(0), ...messages.map(memberOf)];
    const args = [letters.length, letters.flatMap(({ id, at, text }) => [id, at, text]), members];
    const write = () => this.#redis.sqsAcknowledge(5, counts, waiting, sending, deadLetters, texts, ...args);
    try {
      if (!isCopied) await write();
      else if ((await this.#try(write)) === undefined) this.#owe(members);
    } catch (error) {
      // The messages will be delivered again, and may be counted now.
      this.#owe(members);
      throw dropIfStalled(this.#redis, error);
    }
  }

  async read(): Promise<QueueDepth> {
    const { counts, waiting, sending, deadLetters } = this.#keys;
    const replies = await this.#redis
      .pipeline()
      .hmget(counts, 'accepted', 'lag', 'lagBytes', 'deadBytes', 'missing', 'retention')
      .zcard(waiting)
      .zcard(sending)
      .zcard(deadLetters)
      .zrange(waiting, '0', '0', 'WITHSCORES')
      .exec();
    const [numbers, sent, unsent, dead, oldest] = replies!.map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
    const [accepted, lag, bytes, deadBytes, missing, retention] = (numbers as (string | null)[]).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    // Messages that are in SQS and were not counted are taken to be like the others.
    const known = Math.max(1, Number(sent) + Number(unsent));
    const at = (oldest as string[])[1];
    return {
      accepted,
      lag: lag + Math.round(missing * Math.max(1, lag / known)),
      lagBytes: bytes + Math.round(missing * (bytes / known)) + deadBytes,
      deadLetters: Number(dead),
      ...(retention > 0 && {
        oldest: { ageMs: at === undefined ? 0 : Math.max(0, Date.now() - Number(at)), retentionMs: retention },
      }),
    };
  }

  /**
   * Compares the counts with SQS and corrects them, unless another process did within a minute.
   * @returns accepted records that are gone from SQS because it kept them no longer
   */
  async reconcile(calls: SqsCalls): Promise<number> {
    const { counts, waiting, sending, reconciled } = this.#keys;
    const mine = await this.#redis.set(reconciled, '1', 'EX', PERIOD_SECONDS - 5, 'NX');
    if (mine === null) return 0;
    const { messages, retentionMs } = await calls.state();
    const now = Date.now();
    const times = [now - this.#options.orphanMs, now - STALE_MS, now - retentionMs];
    const [removed, lost] = await this.#redis.sqsReconcile(3, counts, waiting, sending, messages, times, retentionMs);
    if (removed > 0) this.#logger.warn({ records: removed }, 'records were counted that SQS does not have; uncounted');
    if (lost > 0)
      this.#logger.error(
        { records: lost, retentionMs },
        'records waited for longer than SQS keeps them: they are lost',
      );
    return lost;
  }

  /**
   * Keeps comparing until the returned function is called.
   * @param onLost gets the number of records lost, each time
   */
  keepReconciling(calls: SqsCalls, onLost: (records: number) => void | Promise<void> = () => undefined): () => void {
    const timer = setInterval(
      () =>
        void this.reconcile(calls)
          .then(onLost)
          .catch((error: Error) => this.#logger.debug({ err: error.message }, 'could not compare the counts with SQS')),
      PERIOD_SECONDS * 1_000,
    ).unref();
    return () => clearInterval(timer);
  }

  #owe(members: readonly string[]): void {
    this.#owed.push(...members.slice(0, MOST_OWED - this.#owed.length));
  }

  /** Undefined when Redis does not answer, which is logged once. */
  async #try<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      const reply = await command();
      this.#failing = false;
      return reply;
    } catch (error) {
      dropIfStalled(this.#redis, error);
      if (!this.#failing)
        this.#logger.warn({ err: (error as Error).message }, 'Redis does not count what waits in SQS');
      this.#failing = true;
      return undefined;
    }
  }
}
