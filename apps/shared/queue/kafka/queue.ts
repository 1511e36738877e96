// The queue on Kafka: a topic, a consumer group, offsets committed after the store.
import type { Logger } from '../../logger.ts';
import type { Queue } from '../queue.ts';
import type { KafkaAddress } from './client.ts';
import { KafkaLetters } from './dead-letters.ts';
import { KAFKA_DURABILITY } from './lazy.ts';
import { KafkaMember } from './member.ts';
import { DepthMonitor, KafkaOffsets } from './offsets.ts';
import { createKafkaReader } from './reader.ts';
import { createKafkaWriter, KafkaSender, type KafkaWriterOptions, toMessage } from './writer.ts';

export interface KafkaQueueOptions extends KafkaAddress, KafkaWriterOptions {
  /** The topic; dead letters are in `<name>.dlq`. Both are made by the topics app. */
  name: string;
  group: string;
  /** Records that may wait to be stored. Checked against a lag that is up to 200 ms old: several writers can overshoot by what they accept in that time. */
  maxLength: number;
  /** A consumer that was silent for so long loses its partitions, milliseconds. Default 6000, Kafka's least: with the heartbeats of the others they are taken over within about 8 s. */
  sessionTimeoutMs?: number;
}

/** Opens the queue; connects when it is used. */
export function createKafkaQueue(options: KafkaQueueOptions, logger: Logger): Queue {
  const { name, group } = options;
  const offsets = new KafkaOffsets(options, name, group);
  const closers: (() => Promise<void>)[] = [() => offsets.close()];

  /** A sender of its own, for the few records that are replayed. */
  let replayer: Promise<KafkaSender> | undefined;
  const requeue = async (record: Parameters<typeof toMessage>[0]): Promise<void> => {
    replayer ??= offsets
      .partitions()
      .then((count) => new KafkaSender(options, name, () => count, logger, { maxInFlight: 1 }));
    try {
      await (await replayer).send([toMessage(record)]);
    } catch (error) {
      if (!(await replayer.catch(() => undefined))) replayer = undefined;
      throw error;
    }
  };
  closers.unshift(async () => (await replayer?.catch(() => undefined))?.close());

  const letters = new KafkaLetters(options, `${name}.dlq`, requeue, logger);
  closers.unshift(() => letters.close());

  return {
    kind: 'kafka',
    durability: KAFKA_DURABILITY,
    deadLetters: letters,
    async writer() {
      const monitor = new DepthMonitor(offsets, logger);
      closers.unshift(async () => monitor.close());
      await monitor.start();
      const sender = new KafkaSender(options, name, () => monitor.partitions, logger, options);
      const writer = createKafkaWriter(sender, monitor, name, options.maxLength);
      closers.unshift(() => writer.close());
      return writer;
    },
    async reader(limits) {
      const sessionTimeoutMs = options.sessionTimeoutMs ?? 6_000;
      const heartbeatMs = Math.min(1_000, sessionTimeoutMs / 3);
      const member = new KafkaMember(options, { topic: name, group, sessionTimeoutMs, heartbeatMs }, logger);
      const reader = createKafkaReader(options, member, letters, limits, logger);
      closers.unshift(() => reader.close());
      return reader;
    },
    async depth() {
      const [{ accepted, lag }, deadLetters] = await Promise.all([offsets.depth(), letters.count()]);
      return { accepted, lag, deadLetters };
    },
    async close() {
      for (const close of closers.splice(0)) await close();
    },
  };
}
