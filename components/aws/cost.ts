// What a stack on AWS costs in a month, by component: a pure function of the config and the table
// of prices. Nothing is guessed: a price without a source is unknown, and is named as such.
//
// Where this table was made, AWS' own server was out of reach. Prices whose source is that server
// were read from copies of its price list in public repositories, most of which name the SKU.
import { type ManagedService, managedServices } from '../../config/managed.ts';
import type { StackConfig } from '../../config/schema.ts';
import { cloudWatchAlarms } from '../../monitoring/cloudwatch.ts';
import { podNeeds } from '../stack/needs.ts';
import { endpointServices, NODE_VOLUME_GIB } from './place.ts';
import { billedOf, type PriceId } from './price-catalog.ts';

/** A price in a region, and where it is from. */
export interface Price {
  /** For the unit in the catalog. */
  readonly usd: number;
  /** In AWS' price list; null if the source does not name it. */
  readonly sku: string | null;
  /** When AWS published it, or when the source was read: `2026-11-29`. */
  readonly date: string;
  readonly source: string;
}

/** Prices by region and id. */
export type PriceTable = Readonly<Record<string, Readonly<Record<string, Price>>>>;

/** One line of the bill. */
export interface CostLine {
  readonly id: PriceId;
  /** Number of units in a month without requests, with the fewest nodes. */
  readonly idle: number;
  /** At the planned load all month, with the most nodes. */
  readonly planned: number;
}

const HOURS = 730;
const SECONDS = HOURS * 3600;
const GB = 1e9;
/** The load that the bill is for: requests a second, and records and their bytes in each. */
const PLANNED_REQUESTS = 5_000;
const RECORDS = 5;
/** Measured, with payloads of `api:payloadChars` 512: 662 to 669. */
const RECORD_BYTES = 670;
/** Images of all apps, two versions of each. */
const IMAGES_GB = 4;
/** A request and its answer through the load balancer; the answer alone, as measured. */
const REQUEST_BYTES = 1_500;
const ANSWER_BYTES = 574;
/** Share of the reads that the cache lacks: as under the profile `stress` (docs/results.md). */
const MISSES = 0.02;
/**
 * A capacity unit processes this much. Connections and rules need fewer units at any size of ours.
 */
const LCU_BYTES_PER_HOUR = 1e9;
/** A message holds whole requests up to this size. */
const MESSAGE_BYTES = 61_440;
/**
 * It is sent, received and, by tens, deleted (docs/decisions/0039-sqs.md). SQS bills each 64 KB that
 * are received.
 */
const CALLS_PER_MESSAGE = 2.1;

/** The quantities that the bill is made from. */
export function costLines(config: StackConfig): readonly CostLine[] {
  const { aws, kafka } = config;
  const has = managedServices(config);
  const zones = aws.zones.split(',').length;
  const nodes = { idle: zones * aws.minNodesPerZone, planned: zones * aws.maxNodesPerZone };
  const volumes = podNeeds(config).reduce((sum, { replicas, volumeGiB }) => sum + replicas * volumeGiB, 0);
  const gateways = aws.natPerZone ? zones : 1;
  const requests = PLANNED_REQUESTS * SECONDS;
  const records = requests * RECORDS;
  const { minReplicas, maxReplicas } = config.consumer;
  // An idle consumer receives once a second.
  const polls = (consumers: number) => (consumers * SECONDS) / 1e6;
  const always = (id: PriceId, quantity: number): CostLine => ({ id, idle: quantity, planned: quantity });
  const byLoad = (id: PriceId, planned: number): CostLine => ({ id, idle: 0, planned });
  return [
    always('cluster', HOURS),
    { id: `node:${aws.instanceType}`, idle: nodes.idle * HOURS, planned: nodes.planned * HOURS },
    {
      id: 'volume',
      idle: nodes.idle * NODE_VOLUME_GIB + volumes,
      planned: nodes.planned * NODE_VOLUME_GIB + volumes,
    },
    always('nat', gateways * HOURS),
    // Those of the NAT gateways, and the load balancer's in each zone.
    always('address', (gateways + zones) * HOURS),
    always('endpoint', zones * endpointServices(config).length * HOURS),
    always('loadBalancer', HOURS),
    byLoad('loadBalancerUnits', (requests * REQUEST_BYTES) / LCU_BYTES_PER_HOUR),
    byLoad('egress', (requests * ANSWER_BYTES) / GB),
    byLoad('zoneTraffic', (((records * RECORD_BYTES) / GB) * transfers(config) * (zones - 1)) / zones),
    always('key', 1),
    always('images', IMAGES_GB),
    // Billed by the metrics that they read; a query for a load balancer reads one.
    always(
      'alarms',
      cloudWatchAlarms(config, '').reduce((sum, { metrics }) => sum + Math.max(1, Object.keys(metrics).length), 0),
    ),
    ...(has.has('redis') ? [always(`cache:${aws.cacheNodeType}`, (1 + aws.cacheReplicas) * HOURS)] : []),
    ...(has.has('mysql')
      ? [
          always(`database:${aws.databaseType}`, (1 + aws.databaseReaders) * HOURS),
          always('databaseInsights', (1 + aws.databaseReaders) * vcpusOf(aws.databaseType) * HOURS),
        ]
      : []),
    ...(has.has('kafka')
      ? [
          always(`broker:${aws.brokerType}`, kafka.brokers * HOURS),
          always('brokerVolumes', kafka.brokers * kafka.volumeGiB),
        ]
      : []),
    // A write unit for each KB; half a read unit, since the reads are eventually consistent.
    ...(has.has('dynamodb')
      ? [byLoad('tableWrites', records / 1e6), byLoad('tableReads', (records * MISSES) / 2 / 1e6)]
      : []),
    ...(has.has('sqs')
      ? [
          {
            id: 'messages',
            idle: polls(minReplicas),
            planned: polls(maxReplicas) + ((records * RECORD_BYTES) / MESSAGE_BYTES / 1e6) * CALLS_PER_MESSAGE,
          } as const,
        ]
      : []),
  ];
}

/**
 * How often a record is transferred between a pod and a server, where it is read and written as
 * often: each time is billed at both ends in the cluster, at one end of a managed service, and not
 * at all of SQS and DynamoDB. Between the load balancer and pods nothing is billed.
 */
function transfers({ queue, kafka, redis, store }: StackConfig): number {
  const ends = (isManaged: boolean) => (isManaged ? 1 : 2);
  const cache = 2 * ends(redis.managed);
  const queued = {
    sqs: 0,
    'redis-streams': 0, // it is the cache as well
    kafka: kafka.managed ? 2 : 2 * (1 + kafka.replicationFactor),
  }[queue.kind];
  // MongoDB is behind its gate.
  const stored = { mongo: 4, mysql: 1, dynamodb: 0 }[store.kind];
  return cache + queued + stored;
}

/** Virtual CPUs of an instance type: `db.r7g.2xlarge` has 8. */
function vcpusOf(type: string): number {
  const [, times] = /(\d*)xlarge$/.exec(type) ?? [];
  return times === undefined ? 2 : 4 * Number(times || 1);
}

/** Ids of what is billed by use that follows from no config: traffic through NAT, logs. */
const BY_USE: readonly PriceId[] = [
  'natTraffic',
  'logs',
  'observations',
  'databaseRequests',
  'databaseStorage',
  'tableStorage',
  'tableBackup',
];

/** The bill as text: what is known, and what is not. */
export function describeCost(config: StackConfig, table: PriceTable): string {
  const region = config.aws.region!;
  const prices = table[region] ?? {};
  const has = managedServices(config);
  const lines = costLines(config);
  const known = lines.flatMap((line) => {
    const price = prices[line.id];
    return price === undefined ? [] : [{ ...line, price }];
  });
  const unknown = lines.filter(({ id }) => prices[id] === undefined).map(({ id }) => billedOf(id).label);
  const row = (label: string, ...cells: string[]) =>
    `  ${label.padEnd(32)}${cells.map((c) => c.padStart(12)).join('')}`;
  const sum = (quantity: 'idle' | 'planned') =>
    known.reduce((total, line) => total + line[quantity] * line.price.usd, 0);
  const dates = known.map(({ price }) => price.date).sort();
  return [
    `Cost of a month in ${region}, USD without tax. Idle: no requests, the fewest nodes. Planned: ` +
      `${PLANNED_REQUESTS.toLocaleString('en-US')} requests a second all month, the most nodes.`,
    row('', 'idle', 'planned'),
    ...known.map(({ id, price, idle, planned }) =>
      row(billedOf(id).label, dollars(idle * price.usd), dollars(planned * price.usd)),
    ),
    row(unknown.length === 0 ? 'sum' : 'sum of what is known', dollars(sum('idle')), dollars(sum('planned'))),
    ...BY_USE.filter((id) => isUsed(id, has)).map((id) => {
      const { label, unit } = billedOf(id);
      const price = prices[id];
      return row(label, price === undefined ? 'unknown' : `${price.usd} for a ${unit}`);
    }),
    ...unknown.map((label) => row(label, 'unknown', 'unknown')),
    ...(dates.length === 0 ? [] : [`Prices of ${dates[0]} to ${dates.at(-1)}; sources in components/aws/prices.json.`]),
    ...(unknown.length === 0 ? [] : ['npm run aws:prices asks AWS for the unknown ones.']),
  ].join('\n');
}

/** Whether a stack with these services pays for it. */
const isUsed = (id: PriceId, has: ReadonlySet<ManagedService>): boolean =>
  (!id.startsWith('database') || has.has('mysql')) && (!id.startsWith('table') || has.has('dynamodb'));

const dollars = (value: number): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
