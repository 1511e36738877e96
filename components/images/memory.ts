// Memory of the containers that run official images, each with the source of its figure. A limit
// that is too small kills a server that no test here runs.

/** Memory of a container. */
export interface MemoryFigure {
  /** Limit on a stack whose config is at its defaults, MiB. */
  readonly mib: number;
  /**
   * Share of the limit that it normally takes: its request. Only for what no record passes through.
   * @default all of it
   */
  readonly requestShare?: number;
  /** Config key that sets it, by itself or in part. @default it is fixed */
  readonly key?: string;
  /** Who says so: a page, a report, or a measurement of ours (docs/results.md). */
  readonly source: string;
}

/** By the name of the container. */
export const officialMemory = {
  kafka: {
    mib: 800,
    key: 'kafka:heapMiB',
    source:
      'the heap, an eighth of it for G1, and 224 MiB: measured 333 MiB in all with a heap of 256 under load (docs/results.md); the rest is for the page cache of the indexes',
  },
  redis: {
    mib: 4_224,
    key: 'redis:memoryMiB',
    source:
      'twice the data, because a fork that rewrites the append-only file shares no page that changes meanwhile, and 128 MiB for Redis and its clients: https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/memory-optimization/',
  },
  mongo: {
    mib: 500,
    key: 'mongo:memoryMiB',
    source:
      'the small database that the stack protects; config/capacity.ts checks that mongo:cacheMiB leaves 200 MiB: https://www.mongodb.com/docs/manual/reference/program/mongod/#std-option-mongod.--wiredTigerCacheSizeGB',
  },
  /** Creates MongoDB's users with a mongod of its own, before the other one starts. */
  users: {
    mib: 500,
    key: 'mongo:memoryMiB',
    source:
      'measured: 166 MiB for mongosh 2.12 with this script (docs/results.md); the rest is for a mongod whose cache is empty',
  },
  backup: {
    mib: 256,
    source:
      'measured: 85 MiB for mongodump, 118 for mongorestore (docs/results.md); both hold a few messages of up to 16 MB',
  },
  'kafka-ui': {
    mib: 512,
    requestShare: 0.5,
    source:
      'its own chart suggests a limit of 512 MiB: https://github.com/kafbat/helm-charts/blob/main/charts/kafka-ui/values.yaml',
  },
  prometheus: {
    mib: 512,
    requestShare: 0.5,
    key: 'monitoring:prometheusMemoryMiB',
    source:
      'measured: 75 MiB for this stack with little to watch (docs/results.md), and room for thirty API pods and queries',
  },
  alertmanager: { mib: 64, requestShare: 0.5, source: 'measured: 17 MiB (docs/results.md)' },
  grafana: {
    mib: 512,
    requestShare: 0.65,
    key: 'monitoring:grafanaMemoryMiB',
    source:
      'users of version 13 report 330 MiB when idle, kills at 400, and a steady 300 without gzip, which is off here, as are the data sources that we do not use: https://github.com/grafana/grafana/issues/123017',
  },
  loki: {
    mib: 256,
    requestShare: 0.5,
    key: 'monitoring:lokiMemoryMiB',
    source: 'measured: 73 MiB with few logs (docs/results.md), and room for queries',
  },
  alloy: {
    mib: 320,
    requestShare: 0.65,
    source:
      'users report 300 to 400 MiB without a limit: https://github.com/grafana/alloy/issues/3953; Alloy tells its garbage collector 90 % of the limit; 120 MiB of it are for each MiB/s of logs: https://grafana.com/docs/alloy/latest/introduction/estimate-resource-usage/',
  },
  'oauth2-proxy': {
    mib: 128,
    requestShare: 0.25,
    source: 'measured: 25 MiB with one user, 44 after 500 requests at once without a login (docs/results.md)',
  },
  'redis-exporter': {
    mib: 32,
    requestShare: 0.75,
    source: 'its author reports 16 MiB over weeks: https://github.com/oliver006/redis_exporter/issues/929',
  },
  'mongo-exporter': {
    mib: 128,
    requestShare: 0.5,
    source:
      'what its chart suggests as the request: https://github.com/prometheus-community/helm-charts/blob/main/charts/prometheus-mongodb-exporter/values.yaml',
  },
  'keda-operator': {
    mib: 256,
    requestShare: 0.5,
    source:
      'the chart requests 100 MiB and allows 1,000: https://github.com/kedacore/charts/blob/main/keda/values.yaml; it caches the objects of our two namespaces only',
  },
  'keda-operator-metrics-apiserver': {
    mib: 128,
    requestShare: 0.75,
    source:
      'the chart requests 100 MiB: https://github.com/kedacore/charts/blob/main/keda/values.yaml; it caches nothing of its own',
  },
} as const satisfies Readonly<Record<string, MemoryFigure>>;

/** Name of a container in this list. */
export type OfficialContainer = keyof typeof officialMemory;

/** Memory of a container, for its spec. @param mib its limit, where the config sets it */
export function memoryOf(name: OfficialContainer, mib: number = officialMemory[name].mib) {
  const { requestShare }: MemoryFigure = officialMemory[name];
  return { memoryMiB: mib, ...(requestShare !== undefined && { memoryRequestMiB: Math.ceil(mib * requestShare) }) };
}
