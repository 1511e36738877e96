// Config of the apps at the queue: the consumer and its autoscaler, and the producer.
import { z } from 'zod';
import { decimal, toggle, wholeNumber } from '../keys.ts';

const rollsConsumer = 'Rolls the consumer pods. Unacknowledged records are delivered again; none is lost.';
const scales = 'In place: the autoscaler follows. No data is touched.';

/** `keda:*` */
export const kedaSchema = z.object({
  install: toggle({
    default: true,
    description:
      'Whether the stack installs KEDA, which scales the consumers. A cluster can have only one: turn it off where the cluster has KEDA already. That must watch the namespaces of the stack.',
    change: 'Creates or deletes KEDA. Without it, the number of pods stays as it is.',
  }),
  watchAll: toggle({
    default: false,
    description:
      'Whether the KEDA of this stack scales in every namespace, for other stacks in the cluster with `keda:install false`. It can then read the Secrets of every namespace.',
    change: 'Upgrades the KEDA release in place. The pods of the apps are not touched.',
  }),
});

/** `consumer:*` */
export const consumerSchema = z.object({
  replicas: wholeNumber({
    min: 1,
    max: 100,
    default: 1,
    unit: 'processes',
    description:
      'Number of consumers in the local run. In a cluster, KEDA sets it, from `consumer:minReplicas` to `consumer:maxReplicas`.',
    change: 'Local run only: takes effect at its next start.',
  }),
  minReplicas: wholeNumber({
    min: 0,
    max: 100,
    default: 1,
    unit: 'pods',
    description: 'Smallest number of consumers, kept while the queue is empty.',
    change: scales,
  }),
  maxReplicas: wholeNumber({
    min: 1,
    max: 100,
    default: 3, // one for each partition of the default topic
    unit: 'pods',
    description: 'Largest number of consumers; with Kafka, at most the number of partitions.',
    change: scales,
  }),
  lagPerReplica: wholeNumber({
    min: 1,
    max: 10_000_000,
    default: 2_000, // one full batch
    unit: 'records',
    description: 'Number of waiting records for which KEDA runs one consumer.',
    change: scales,
  }),
  pollingSeconds: wholeNumber({
    min: 1,
    max: 3_600,
    default: 5,
    unit: 's',
    description: 'How often KEDA polls the queue.',
    change: scales,
  }),
  cooldownSeconds: wholeNumber({
    min: 0,
    max: 3_600,
    default: 15,
    unit: 's',
    description:
      'How long fewer consumers must have been enough before any is removed. With `consumer:minReplicas 0`, the last one stops when the queue has been empty for this long.',
    change: scales,
  }),
  batchSize: wholeNumber({
    min: 1,
    max: 100_000,
    default: 2_000,
    unit: 'records',
    description: 'Number of records that makes a batch full.',
    change: rollsConsumer,
  }),
  batchBytes: wholeNumber({
    min: 262_144,
    max: 33_554_432,
    default: 1_309_696, // 5 operations at the gate, of 100 per second, less what the command itself takes
    unit: 'bytes',
    description:
      'Size that makes a batch full. A batch is one write command, which costs the gate 1 operation, plus 1 for each further 256 KiB: a size just below a multiple of that wastes least.',
    change: rollsConsumer,
  }),
  flushIntervalMs: wholeNumber({
    min: 1,
    max: 60_000,
    default: 200,
    unit: 'ms',
    description: 'Longest time that a batch waits for more records.',
    change: rollsConsumer,
  }),
  memoryMiB: wholeNumber({
    min: 96,
    max: 16_384,
    default: 200, // measured: 192 MiB on Kafka (docs/results.md)
    unit: 'MiB',
    description: 'Memory limit of a consumer pod. 55 % of it is heap.',
    change: rollsConsumer,
  }),
  workMs: decimal({
    min: 0,
    max: 10_000,
    default: 0,
    unit: 'ms per record',
    description: 'Simulated work for each record, which makes scaling visible. 0 in production.',
    change: rollsConsumer,
  }),
});

/** `producer:*` */
export const producerSchema = z.object({
  rate: decimal({
    min: 0.008,
    max: 20_000,
    default: 0,
    or: { value: 0, meaning: 'paused' },
    unit: 'messages/s',
    description: 'Messages per second that the producer puts into the queue. 0.008 is one every two minutes.',
    change:
      'Rolls the producer pod. At 0 there is none: a change from or to 0 creates or deletes it and rolls the console. Data stays.',
  }),
});
