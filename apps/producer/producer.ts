// The producer: messages at a steady rate into the queue, each once, however often that takes.
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueRefusedError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { payloadFor } from '../shared/payload.ts';
import type { QueueWriter } from '../shared/queue/queue.ts';
import { type DataRecord, makeRecords } from '../shared/record.ts';
import type { ProducerMetrics } from './metrics.ts';
import { Pacer } from './pacer.ts';

export interface ProducerOptions {
  writer: QueueWriter;
  /** Messages a second; 0 pauses. */
  rate: number;
  /** Length of a payload, characters. */
  payloadChars: number;
  /** Part of every origin; no two runs may share it. */
  instance: string;
  metrics: ProducerMetrics;
  logger: Logger;
}

export interface Producer {
  readonly rate: number;
  /** Messages that the queue has confirmed. */
  readonly accepted: number;
  /** @throws RangeError when it is neither 0 nor 0.008 to 20000 */
  setRate(rate: number): void;
  /** Makes no more; waits for those under way, 10 s at most. May be called twice. */
  stop(): Promise<void>;
}

/** How long messages are gathered, milliseconds. */
const TICK_MS = 5;
/** Messages that are accepted together, at most; fewer when they are large. */
const MAX_BATCH = 200;
const MAX_BATCH_CHARS = 200_000;
/** Batches under way at once: when the queue is slower than the rate, the rate is not kept rather than memory filled. */
const MAX_IN_FLIGHT = 16;
const STOP_MS = 10_000;

/** Starts producing. */
export function startProducer(options: ProducerOptions): Producer {
  const { writer, payloadChars, instance, metrics, logger } = options;
  const now = (): number => performance.now();
  const pacer = new Pacer(options.rate, now());
  const batchSize = Math.max(1, Math.min(MAX_BATCH, Math.floor(MAX_BATCH_CHARS / payloadChars)));
  const inFlight = new Set<Promise<void>>();
  const giveUp = new AbortController();
  let made = 0;
  let accepted = 0;
  let failing = false;
  let stopped: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  metrics.rate.set(options.rate);

  const make = (): DataRecord => {
    const origin = `producer/${instance}/${made++}`;
    return makeRecords('message', origin, [payloadFor(origin, 0, payloadChars)])[0]!;
  };

  /** The same records, with the same ids, until the queue has them: what arrives twice is stored once. */
  const deliver = async (records: readonly DataRecord[]): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        await writer.accept(records);
        accepted += records.length;
        metrics.messages.inc({ outcome: 'accepted' }, records.length);
        if (failing) logger.info('the queue takes messages again');
        failing = false;
        return;
      } catch (error) {
        const err = (error as Error).message;
        if (error instanceof QueueRefusedError) {
          metrics.messages.inc({ outcome: 'refused' }, records.length);
          logger.error({ err, messages: records.length }, 'the queue refuses messages for ever; dropping them');
          return;
        }
        metrics.messages.inc({ outcome: 'retried' }, records.length);
        if (!failing) logger.error({ err }, 'the queue does not take messages; trying again');
        failing = true;
        await sleep(backoffMs(attempt), undefined, { signal: giveUp.signal });
      }
    }
  };

  const tick = (): void => {
    let due = pacer.take(now());
    while (due > 0 && inFlight.size < MAX_IN_FLIGHT) {
      const count = Math.min(due, batchSize);
      due -= count;
      const delivery = deliver(Array.from({ length: count }, make))
        .catch(() => {
          metrics.messages.inc({ outcome: 'given_up' }, count);
          logger.error({ messages: count }, 'stopped before the queue took these messages');
        })
        .finally(() => inFlight.delete(delivery));
      inFlight.add(delivery);
    }
    pacer.giveBack(due);
    schedule();
  };
  const schedule = (): void => {
    clearTimeout(timer);
    if (stopped !== undefined || pacer.rate === 0) return;
    timer = setTimeout(tick, Math.min(Math.max(TICK_MS, pacer.nextInMs(now())), 1_000));
  };
  schedule();

  return {
    get rate() {
      return pacer.rate;
    },
    get accepted() {
      return accepted;
    },
    setRate(rate) {
      pacer.setRate(rate, now());
      metrics.rate.set(rate);
      logger.info({ rate }, 'new rate');
      schedule();
    },
    stop() {
      stopped ??= (async () => {
        clearTimeout(timer);
        const timeout = setTimeout(() => giveUp.abort(), STOP_MS);
        await Promise.all(inFlight);
        clearTimeout(timeout);
      })();
      return stopped;
    },
  };
}

/** 100 ms, doubling to 5 s, with jitter. */
const backoffMs = (attempt: number): number => Math.min(100 * 2 ** attempt, 5_000) * (0.75 + Math.random() / 2);
