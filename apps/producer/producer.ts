// The producer: sends messages to the queue at a steady rate and retries each until it is accepted.
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueRefusedError } from '../shared/errors.ts';
import { GroupIds } from '../shared/group.ts';
import type { Logger } from '../shared/logger.ts';
import { payloadsFor } from '../shared/payload.ts';
import type { QueueWriter } from '../shared/queue/queue.ts';
import type { NewRecords } from '../shared/record.ts';
import type { ProducerMetrics } from './metrics.ts';
import { Pacer } from './pacer.ts';

export interface ProducerOptions {
  readonly writer: QueueWriter;
  /** Messages a second; 0 pauses. */
  readonly rate: number;
  /** Length of a payload, characters. */
  readonly payloadChars: number;
  /** Part of every origin. No two runs may share it. */
  readonly instance: string;
  readonly metrics: ProducerMetrics;
  readonly logger: Logger;
}

/** How long messages are gathered into a batch, milliseconds. */
const TICK_MS = 5;
const MAX_TICK_MS = 1_000;
/** Maximum number of messages in a batch; fewer if they are large. */
const MAX_BATCH = 200;
const MAX_BATCH_CHARS = 200_000;
/**
 * Maximum number of batches in flight. A queue that is slower lowers the rate rather than fill the
 * memory.
 */
const MAX_IN_FLIGHT = 16;
const STOP_TIMEOUT_MS = 10_000;

/** Produces from its creation on. */
export class Producer {
  readonly #options: ProducerOptions;
  readonly #pacer: Pacer;
  readonly #batchSize: number;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #giveUp = new AbortController();
  readonly #ids = new GroupIds();
  /** Batches. */
  #made = 0;
  #accepted = 0;
  #failing = false;
  #stopped: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @throws RangeError for a rate other than 0 or 0.008 to 20000 */
  constructor(options: ProducerOptions) {
    const { rate, payloadChars, metrics } = options;
    this.#options = options;
    this.#pacer = new Pacer(rate, performance.now());
    this.#batchSize = Math.max(1, Math.min(MAX_BATCH, Math.floor(MAX_BATCH_CHARS / payloadChars)));
    metrics.rate.set(rate);
    this.#schedule();
  }

  /** Messages a second. */
  get rate(): number {
    return this.#pacer.rate;
  }

  /** Messages that the queue has accepted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** @throws RangeError for a rate other than 0 or 0.008 to 20000 */
  setRate(rate: number): void {
    const { metrics, logger } = this.#options;
    this.#pacer.setRate(rate, performance.now());
    metrics.rate.set(rate);
    logger.info({ rate }, 'rate changed');
    this.#schedule();
  }

  /** Makes no more messages and waits up to 10 s for those in flight. May be called twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  async #drain(): Promise<void> {
    clearTimeout(this.#timer);
    const timeout = setTimeout(() => this.#giveUp.abort(), STOP_TIMEOUT_MS);
    await Promise.all(this.#inFlight);
    clearTimeout(timeout);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#stopped !== undefined || this.#pacer.rate === 0) return;
    const delayMs = Math.min(Math.max(TICK_MS, this.#pacer.nextInMs(performance.now())), MAX_TICK_MS);
    this.#timer = setTimeout(() => this.#tick(), delayMs);
  }

  #tick(): void {
    const { metrics, logger } = this.#options;
    let due = this.#pacer.take(performance.now());
    while (due > 0 && this.#inFlight.size < MAX_IN_FLIGHT) {
      const count = Math.min(due, this.#batchSize);
      due -= count;
      const delivery = this.#deliver(this.#make(count))
        .catch(() => {
          metrics.messages.inc({ outcome: 'given_up' }, count);
          logger.error({ messages: count }, 'stopped before the queue accepted these messages');
        })
        .finally(() => this.#inFlight.delete(delivery));
      this.#inFlight.add(delivery);
    }
    this.#pacer.giveBack(due);
    this.#schedule();
  }

  #make(count: number): NewRecords {
    const { instance, payloadChars } = this.#options;
    const origin = `producer/${instance}/${this.#made++}`;
    const payloads = payloadsFor(origin, count, payloadChars);
    return { type: 'message', origin, payloads };
  }

  /**
   * Sends the same records, with the same ids, until the queue accepts them. If they arrive twice,
   * they are stored once.
   */
  async #deliver(records: NewRecords): Promise<void> {
    const { writer, metrics, logger } = this.#options;
    const { length: count } = records.payloads;
    const group = this.#ids.next();
    for (let attempt = 0; ; attempt++) {
      try {
        await writer.accept(records, group);
        this.#accepted += count;
        metrics.messages.inc({ outcome: 'accepted' }, count);
        if (this.#failing) logger.info('the queue accepts messages again');
        this.#failing = false;
        return;
      } catch (error) {
        const err = (error as Error).message;
        if (error instanceof QueueRefusedError) {
          metrics.messages.inc({ outcome: 'refused' }, count);
          logger.error({ err, messages: count }, 'messages dropped: the queue refuses them permanently');
          return;
        }
        metrics.messages.inc({ outcome: 'retried' }, count);
        if (!this.#failing) logger.error({ err }, 'the queue does not accept messages; retrying');
        this.#failing = true;
        await sleep(backoffMs(attempt), undefined, { signal: this.#giveUp.signal });
      }
    }
  }
}

/** 100 ms, doubling to 5 s, with jitter. */
const backoffMs = (attempt: number): number => Math.min(100 * 2 ** attempt, 5_000) * (0.75 + Math.random() / 2);
