// Config of the apps: the API and its autoscaler, the consumer, the producer, and what they all do alike.
import { z } from 'zod';
import { decimal, oneOf, optionalText, textOr, toggle, wholeNumber } from '../keys.ts';

const rollsApi = 'Rolls the API pods; no request is dropped. Data stays.';
const rollsConsumer = 'Rolls the consumer pods. Unacknowledged records are taken up again; none is lost.';
const scales = 'In place: the autoscaler follows. No data is touched.';

/** `api:*` */
export const apiSchema = z.object({
  replicas: wholeNumber({
    min: 1,
    max: 100,
    default: 3,
    unit: 'pods',
    description:
      'API pods, or processes on one port in the local run. With `hpa:enabled` the autoscaler decides instead.',
    change: 'In place: pods are added, or drained and removed. No data is touched.',
  }),
  workers: wholeNumber({
    min: 1,
    max: 64,
    default: 1,
    unit: 'processes',
    description: 'API processes in each pod.',
    change: rollsApi,
  }),
  port: wholeNumber({
    min: 1,
    max: 65_535,
    default: 8000,
    description: 'Port that the API listens on, in its pods and in the local run.',
    change: rollsApi,
  }),
  exposure: oneOf(['ingress', 'nodePort'], {
    default: 'ingress',
    description: 'How the API is reached from outside the cluster.',
    change: 'Replaces the ingress or the service: the address changes. Data stays.',
  }),
  host: textOr('assessment.local', {
    pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    allowed: 'a host name',
    description: 'Host name that the ingress answers to.',
    change: 'In place: the ingress answers to the new name only.',
  }),
  nodePort: wholeNumber({
    min: 30_000,
    max: 32_767,
    default: 30_000,
    description: 'Port of every node that leads to the API with `api:exposure nodePort`.',
    change: 'In place: the old port closes. With k3d the load balancer is replaced too.',
  }),
  stickySessions: toggle({
    default: false,
    description:
      'Whether the ingress keeps a client on one pod with a cookie. The API needs none; it is here for those who must.',
    change: 'In place.',
  }),
  payloadChars: wholeNumber({
    min: 1,
    max: 65_536,
    default: 512,
    unit: 'characters',
    description: 'Length of a payload that the API or the producer makes itself.',
    change: 'Rolls the API and producer pods. Stored records keep theirs.',
  }),
  maxEventLoopDelayMs: wholeNumber({
    min: 10,
    max: 60_000,
    default: 1_000,
    or: { value: 0, meaning: 'never' },
    unit: 'ms',
    description: 'Event-loop delay above which the API sheds load with 503.',
    change: rollsApi,
  }),
  maxWaitMs: wholeNumber({
    min: 1,
    max: 60_000,
    default: 4_000,
    unit: 'ms',
    description: 'A request that waited longer than this for its turn is shed with 503 instead of being served late.',
    change: rollsApi,
  }),
  bodyLimitKiB: wholeNumber({
    min: 1,
    max: 16_384,
    default: 1_024,
    unit: 'KiB',
    description: 'Largest request body; a larger one gets 413.',
    change: rollsApi,
  }),
  requestTimeoutMs: wholeNumber({
    min: 1_000,
    max: 300_000,
    default: 10_000,
    unit: 'ms',
    description: 'Time in which a request must have arrived whole.',
    change: rollsApi,
  }),
  cacheTtlSeconds: wholeNumber({
    min: 1,
    max: 86_400,
    default: 600,
    unit: 's',
    description: 'How long a record stays in the cache once it is stored. Until then it always stays.',
    change: 'Rolls the API and consumer pods. Cached records keep the time they were given.',
  }),
  memoryMiB: wholeNumber({
    min: 128,
    max: 16_384,
    default: 300,
    unit: 'MiB',
    description: 'Memory that an API pod may use; the heaps of its workers share a bit more than half of it.',
    change: rollsApi,
  }),
  cpuMillis: wholeNumber({
    min: 1,
    max: 64_000,
    default: 50,
    unit: 'thousandths of a core',
    description:
      'CPU that an API pod asks for. It may use more while there is some. `hpa:targetCpuPercent` is relative to it.',
    change: rollsApi,
  }),
  catalogueSize: wholeNumber({
    min: 5,
    max: 10_000_000,
    default: 100_000,
    unit: 'records',
    description: 'Newest records from which reads are chosen.',
    change: rollsApi,
  }),
  zipfExponent: decimal({
    min: 0,
    max: 5,
    default: 1,
    description: 'Skew of the reads: 0 reads all records alike, larger values read a few far more often.',
    change: rollsApi,
  }),
});

/** `hpa:*` */
export const hpaSchema = z.object({
  enabled: toggle({
    default: false,
    description: 'Whether the number of API pods follows the load.',
    change:
      'In place. Turned off, the pods stay as many as the autoscaler left; `api:replicas` holds from its next change or `pulumi up --refresh` on.',
  }),
  minReplicas: wholeNumber({
    min: 1,
    max: 100,
    default: 3,
    unit: 'pods',
    description: 'Fewest API pods.',
    change: scales,
  }),
  maxReplicas: wholeNumber({
    min: 1,
    max: 100,
    default: 10,
    unit: 'pods',
    description: 'Most API pods.',
    change: scales,
  }),
  metric: oneOf(['cpu', 'latency'], {
    default: 'cpu',
    description: 'What the API scales on: CPU, or p95 latency from Prometheus.',
    change: 'Replaces the autoscaler; the pods stay.',
  }),
  targetCpuPercent: wholeNumber({
    min: 1,
    max: 10_000,
    default: 400,
    unit: '% of api:cpuMillis',
    description: 'CPU of an API pod, on average, above which pods are added.',
    change: scales,
  }),
  targetLatencyMs: wholeNumber({
    min: 1,
    max: 60_000,
    default: 500,
    unit: 'ms',
    description: 'p95 latency above which pods are added, with `hpa:metric latency`.',
    change: scales,
  }),
  cooldownSeconds: wholeNumber({
    min: 0,
    max: 3_600,
    default: 30,
    unit: 's',
    description: 'How long fewer pods must have been enough before any is removed.',
    change: scales,
  }),
});

/** `keda:*` */
export const kedaSchema = z.object({
  install: toggle({
    default: true,
    description:
      'Whether KEDA, which scales the consumers, is installed. Turn it off where the cluster has one: it must watch the namespaces of the stack.',
    change: 'Creates or deletes KEDA. While there is none, the pods stay as many as they are.',
  }),
});

/** `consumer:*` */
export const consumerSchema = z.object({
  replicas: wholeNumber({
    min: 1,
    max: 100,
    default: 1,
    unit: 'processes',
    description: 'Consumers of the local run. In a cluster KEDA decides, between the two below.',
    change: 'Local run only: takes effect at its next start.',
  }),
  minReplicas: wholeNumber({
    min: 0,
    max: 100,
    default: 1,
    unit: 'pods',
    description: 'Fewest consumers, while nothing is in the queue.',
    change: scales,
  }),
  maxReplicas: wholeNumber({
    min: 1,
    max: 100,
    default: 3,
    unit: 'pods',
    description: 'Most consumers. With Kafka, no more than partitions.',
    change: scales,
  }),
  lagPerReplica: wholeNumber({
    min: 1,
    max: 10_000_000,
    default: 2_000,
    unit: 'records',
    description: 'Records in the queue for each consumer that KEDA starts.',
    change: scales,
  }),
  pollingSeconds: wholeNumber({
    min: 1,
    max: 3_600,
    default: 5,
    unit: 's',
    description: 'How often KEDA looks at the queue.',
    change: scales,
  }),
  cooldownSeconds: wholeNumber({
    min: 0,
    max: 3_600,
    default: 15,
    unit: 's',
    description:
      'How long fewer consumers must have been enough before any is removed; the last one stops when the queue was empty for so long, with `consumer:minReplicas 0`.',
    change: scales,
  }),
  batchSize: wholeNumber({
    min: 1,
    max: 100_000,
    default: 2_000,
    unit: 'records',
    description: 'Records that make a batch full.',
    change: rollsConsumer,
  }),
  batchBytes: wholeNumber({
    min: 262_144,
    max: 33_554_432,
    default: 4_194_304,
    unit: 'bytes',
    description:
      'Bytes that make a batch full. A batch is one write command, and costs the gate 1 plus 1 for each further 256 KiB.',
    change: rollsConsumer,
  }),
  flushIntervalMs: wholeNumber({
    min: 1,
    max: 60_000,
    default: 200,
    unit: 'ms',
    description: 'Longest wait for a batch to fill.',
    change: rollsConsumer,
  }),
  memoryMiB: wholeNumber({
    min: 96,
    max: 16_384,
    default: 200,
    unit: 'MiB',
    description: 'Memory that a consumer pod may use; its heap gets a bit more than half of it.',
    change: rollsConsumer,
  }),
  workMs: decimal({
    min: 0,
    max: 10_000,
    default: 0,
    unit: 'ms a record',
    description: 'Work that each record costs, made up so that scaling shows.',
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
    description: 'Messages a second that the producer puts into the queue; 0.008 is one in two minutes.',
    change:
      'Rolls the producer pod. None runs at 0: from and to 0 the pod comes or goes, and the console rolls. Data stays.',
  }),
});

/** `logging:*` */
export const loggingSchema = z.object({
  level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'Least severe level that the apps log.',
    change: 'Rolls the pods of all apps. Data stays.',
  }),
});

/** `images:*` */
export const imagesSchema = z.object({
  mirror: optionalText({
    pattern: /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]+)?$/,
    allowed: 'a registry with an optional path, such as mirror.example.com/hub',
    description:
      'Where official images come from instead of their public registries: the prefix takes the place of the registry host.',
    change: 'Rolls the pods of every component. Data stays.',
  }),
  digests: toggle({
    default: true,
    description:
      'Whether official images are pinned by digest as well as by version. Turn it off for a mirror that does not keep digests.',
    change: 'Rolls the pods of every component. Data stays.',
  }),
  platform: optionalText({
    pattern: /^linux\/(amd64|arm64)$/,
    allowed: 'linux/amd64 or linux/arm64',
    description:
      "Platform of the cluster's nodes, for which the images of the apps are built. Without it this machine's; another one needs Docker's emulation.",
    change:
      'Builds the images again and rolls the pods of all apps, and the brokers one by one for the agent beside each. Data stays.',
  }),
});

/** `charts:*` */
export const chartsSchema = z.object({
  keda: optionalText({
    pattern: /^\S+$/,
    allowed: 'a folder, a packaged chart, or an oci:// address',
    description: "KEDA's Helm chart, where its public repository cannot be reached.",
    change: 'Upgrades the KEDA release in place. Pods of the apps are not touched.',
  }),
});
