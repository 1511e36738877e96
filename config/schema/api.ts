// Config of the API and of its autoscaler.
import { z } from 'zod';
import { decimal, HOST_NAME, oneOf, textOr, toggle, wholeNumber } from '../keys.ts';

const rollsApi = 'Rolls the API pods; no request is dropped. Data stays.';
const scales = 'In place: the autoscaler follows. No data is touched.';

/** `api:*` */
export const apiSchema = z.object({
  replicas: wholeNumber({
    min: 1,
    max: 100,
    default: 3,
    unit: 'pods',
    description:
      'Number of API pods; in the local run, of API processes that share one port. With `hpa:enabled`, the autoscaler sets it instead.',
    change: 'In place: pods are added, or drained and removed. No data is touched.',
  }),
  workers: wholeNumber({
    min: 1,
    max: 64,
    default: 1,
    unit: 'processes',
    description: 'Number of API processes in each pod.',
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
    description: 'How clients outside the cluster reach the API: through the ingress, or through a port of every node.',
    change: 'Replaces the ingress or the service: the address changes. Data stays.',
  }),
  host: textOr('assessment.local', {
    ...HOST_NAME,
    description: 'Host name under which the ingress serves the API.',
    change: 'In place: the ingress answers to the new name only.',
  }),
  nodePort: wholeNumber({
    min: 30_000, // the range of ports that Kubernetes reserves for services
    max: 32_767,
    default: 30_000,
    description: 'Port of every node that leads to the API, with `api:exposure nodePort`.',
    change: 'In place: the old port closes. With k3d, the load balancer is replaced too.',
  }),
  stickySessions: toggle({
    default: false,
    description:
      'Whether the ingress keeps a client on one pod with a cookie. The API does not need it; it is for clients that do.',
    change: 'In place.',
  }),
  payloadChars: wholeNumber({
    min: 1,
    max: 65_536,
    default: 512,
    unit: 'characters',
    description: 'Length of the payloads that the API and the producer generate.',
    change: 'Rolls the API and producer pods. Stored records keep their payloads.',
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
    default: 4_000, // keeps p99 below 5 s with 10,000 users (docs/results.md)
    unit: 'ms',
    description:
      'How long a request may wait for its turn. A request that waited longer is shed with 503 instead of being served late.',
    change: rollsApi,
  }),
  bodyLimitKiB: wholeNumber({
    min: 1,
    max: 16_384,
    default: 256,
    unit: 'KiB',
    description: 'Largest request body. A larger one is refused with 413.',
    change: rollsApi,
  }),
  maxConnections: wholeNumber({
    min: 1,
    max: 1_000_000,
    default: 12_000, // one process alone can serve 10,000 users
    unit: 'connections',
    description: 'Connections that each API process holds at once. It closes further ones.',
    change: rollsApi,
  }),
  requestTimeoutMs: wholeNumber({
    min: 1_000,
    max: 300_000,
    default: 10_000,
    unit: 'ms',
    description: 'Time within which a request must have arrived completely.',
    change: rollsApi,
  }),
  cacheTtlSeconds: wholeNumber({
    min: 1,
    max: 86_400,
    default: 600,
    unit: 's',
    description:
      'How long a record stays in the cache after it is stored. Until then, it always stays. One that is read from the store later, or that enters the catalogue (`api:catalogueSize`), stays twice as long.',
    change: 'Rolls the API and consumer pods. Records that are cached already keep their expiry.',
  }),
  memoryMiB: wholeNumber({
    min: 128,
    max: 16_384,
    default: 300, // measured: 254 MiB with 200 connections on Kafka (docs/results.md)
    unit: 'MiB',
    description: 'Memory limit of an API pod. Its processes share 55 % of it as heap.',
    change: rollsApi,
  }),
  cpuMillis: wholeNumber({
    min: 1,
    max: 64_000,
    default: 50, // so that 30 pods fit on two cores (decision 18)
    unit: 'thousandths of a core',
    description:
      'CPU request of an API pod. It may use more while its node has CPU to spare. `hpa:targetCpuPercent` is relative to it.',
    change: rollsApi,
  }),
  catalogueSize: wholeNumber({
    min: 5, // a request reads five records
    max: 10_000_000,
    default: 100_000,
    unit: 'records',
    description: 'Number of existing records that reads are chosen from.',
    change: rollsApi,
  }),
  zipfExponent: decimal({
    min: 0,
    max: 5,
    default: 1,
    description:
      'Skew of the reads (exponent of the Zipf distribution). 0 reads all records equally often; larger values read a few of them far more often.',
    change: rollsApi,
  }),
});

/** `hpa:*` */
export const hpaSchema = z.object({
  enabled: toggle({
    default: false,
    description: 'Whether the number of API pods follows the load.',
    change:
      'In place. When it is turned off, the number of pods stays as the autoscaler left it; `api:replicas` applies from its next change or `pulumi up --refresh` on.',
  }),
  minReplicas: wholeNumber({
    min: 1,
    max: 100,
    default: 3,
    unit: 'pods',
    description: 'Smallest number of API pods.',
    change: scales,
  }),
  maxReplicas: wholeNumber({
    min: 1,
    max: 100,
    default: 10,
    unit: 'pods',
    description: 'Largest number of API pods.',
    change: scales,
  }),
  metric: oneOf(['cpu', 'latency', 'both'], {
    default: 'cpu',
    description:
      'What the API scales on: CPU, p95 latency as Prometheus measures it, or whichever of both asks for more pods.',
    change: 'Replaces the autoscaler; the pods stay.',
  }),
  targetCpuPercent: wholeNumber({
    min: 1,
    max: 10_000,
    default: 400, // of 50: a fifth of a core (decision 18)
    unit: '% of api:cpuMillis',
    description: 'Average CPU of the API pods above which pods are added, with `hpa:metric` `cpu` or `both`.',
    change: scales,
  }),
  targetLatencyMs: wholeNumber({
    min: 1,
    max: 60_000,
    default: 500,
    unit: 'ms',
    description: 'p95 latency above which pods are added, with `hpa:metric` `latency` or `both`.',
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
