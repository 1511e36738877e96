// How full the queue is, for Prometheus: every API process tells the same numbers of the whole queue (take the largest).
import { Gauge, type Registry } from 'prom-client';
import type { Queue, QueueDepth } from '../shared/queue/queue.ts';

export interface QueueMetricsOptions {
  /** The topic or stream, the label of every number. */
  readonly name: string;
  /** Records at which the API refuses more. */
  readonly maxLength: number;
  /** How long a reading is good for, milliseconds. Default 2000. */
  readonly maxAgeMs?: number;
  /** A queue that has not answered by then has no numbers, milliseconds. Default 2000. */
  readonly timeoutMs?: number;
}

/** Registers the numbers. They are read when somebody asks, and absent while the queue does not answer. */
export function createQueueMetrics(registry: Registry, queue: Pick<Queue, 'depth'>, options: QueueMetricsOptions) {
  const { name, maxLength, maxAgeMs = 2_000, timeoutMs = 2_000 } = options;
  let cached: { at: number; depth: Promise<QueueDepth | undefined> } | undefined;
  const depth = (): Promise<QueueDepth | undefined> => {
    if (!cached || performance.now() - cached.at > maxAgeMs)
      cached = { at: performance.now(), depth: readInTime(queue, timeoutMs) };
    return cached.depth;
  };
  const gauge = (metric: string, help: string, read: (depth: QueueDepth) => number): void => {
    new Gauge({
      name: metric,
      help,
      labelNames: ['queue'],
      aggregator: 'max',
      registers: [registry],
      async collect() {
        this.reset();
        const now = await depth();
        if (now !== undefined) this.set({ queue: name }, read(now));
      },
    });
  };
  gauge('breakwater_queue_lag_records', 'Records accepted and not yet stored', ({ lag }) => lag);
  gauge('breakwater_queue_dead_letters', 'Dead letters that wait for somebody', ({ deadLetters }) => deadLetters);
  new Gauge({
    name: 'breakwater_queue_limit_records',
    help: 'Records accepted and not yet stored at which the API refuses more',
    labelNames: ['queue'],
    aggregator: 'max',
    registers: [registry],
  }).set({ queue: name }, maxLength);
}

/** The depth; undefined where the queue fails or hangs, which the other metrics tell. */
async function readInTime(queue: Pick<Queue, 'depth'>, timeoutMs: number): Promise<QueueDepth | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([queue.depth(), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
