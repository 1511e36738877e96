// Kafka's client costs 65 MB of memory and 0.3 s to load: only processes that use Kafka load it, and only when they do.
import type { Logger } from '../../logger.ts';
import type { Queue } from '../queue.ts';
import type { KafkaQueueOptions } from './queue.ts';

/** What survives on Kafka. */
export const KAFKA_DURABILITY =
  'Accepted means appended by all replicas in sync (acks=all, at least min.insync.replicas of them). A killed broker ' +
  'process loses nothing, not even alone: what it wrote is with the operating system. Kafka does not wait for the disk: a ' +
  'power loss of all replicas at once (with one replica: of that machine) may lose the last seconds.';

/** The queue of queue.ts, loaded with the first call. */
export function createLazyKafkaQueue(options: KafkaQueueOptions, logger: Logger): Queue {
  let opened: Promise<Queue> | undefined;
  const queue = (): Promise<Queue> => {
    opened ??= import('./queue.ts').then(({ createKafkaQueue }) => createKafkaQueue(options, logger));
    return opened;
  };
  return {
    kind: 'kafka',
    durability: KAFKA_DURABILITY,
    writer: async () => (await queue()).writer(),
    reader: async (limits) => (await queue()).reader(limits),
    depth: async () => (await queue()).depth(),
    deadLetters: {
      list: async (limit) => (await queue()).deadLetters.list(limit),
      show: async (id) => (await queue()).deadLetters.show(id),
      replay: async (id) => (await queue()).deadLetters.replay(id),
      drop: async (id) => (await queue()).deadLetters.drop(id),
    },
    close: async () => (await opened)?.close(),
  };
}
