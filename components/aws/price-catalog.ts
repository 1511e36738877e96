// What a stack on AWS pays for, and where AWS lists its price.

/** Something that AWS bills. */
export interface Billed {
  /** What it is called in the bill of a stack. */
  readonly label: string;
  /** What one price is for. */
  readonly unit: 'hour' | 'GB-month' | 'GB' | 'month' | 'million' | 'LCU-hour';
  /** Code of the service in AWS' price list. */
  readonly service: string;
  /** Usage type without the prefix of the region, as in the price list. */
  readonly usageType: string;
  /** Attributes that tell the price from others of the same usage type. */
  readonly where?: Readonly<Record<string, string>>;
  /** How many of the price list's units `unit` is. Default 1. */
  readonly units?: number;
}

const billed = {
  cluster: { label: 'EKS cluster', unit: 'hour', service: 'AmazonEKS', usageType: 'AmazonEKS-Hours:perCluster' },
  volume: { label: 'volumes (gp3)', unit: 'GB-month', service: 'AmazonEC2', usageType: 'EBS:VolumeUsage.gp3' },
  nat: { label: 'NAT gateways', unit: 'hour', service: 'AmazonEC2', usageType: 'NatGateway-Hours' },
  natTraffic: { label: 'traffic through NAT', unit: 'GB', service: 'AmazonEC2', usageType: 'NatGateway-Bytes' },
  address: { label: 'public addresses', unit: 'hour', service: 'AmazonVPC', usageType: 'PublicIPv4:InUseAddress' },
  endpoint: { label: 'VPC endpoints', unit: 'hour', service: 'AmazonVPC', usageType: 'VpcEndpoint-Hours' },
  loadBalancer: {
    label: 'load balancer',
    unit: 'hour',
    service: 'AWSELB',
    usageType: 'LoadBalancerUsage',
    where: { operation: 'LoadBalancing:Application' },
  },
  loadBalancerUnits: {
    label: 'load balancer, capacity units',
    unit: 'LCU-hour',
    service: 'AWSELB',
    usageType: 'LCUUsage',
    where: { operation: 'LoadBalancing:Application' },
  },
  egress: {
    label: 'traffic to the internet',
    unit: 'GB',
    service: 'AWSDataTransfer',
    usageType: 'DataTransfer-Out-Bytes',
  },
  zoneTraffic: {
    label: 'traffic between zones',
    unit: 'GB',
    service: 'AWSDataTransfer',
    usageType: 'DataTransfer-Regional-Bytes',
  },
  key: { label: 'KMS key', unit: 'month', service: 'awskms', usageType: 'KMS-Keys' },
  images: { label: 'images (ECR)', unit: 'GB-month', service: 'AmazonECR', usageType: 'TimedStorage-ByteHrs' },
  logs: { label: 'logs (CloudWatch)', unit: 'GB', service: 'AmazonCloudWatch', usageType: 'DataProcessing-Bytes' },
  alarms: { label: 'alarms', unit: 'month', service: 'AmazonCloudWatch', usageType: 'CW:AlarmMonitorUsage' },
  observations: {
    label: 'Container Insights',
    unit: 'million',
    service: 'AmazonCloudWatch',
    usageType: 'CW:ObservationUsage',
    units: 1_000_000,
  },
  messages: {
    label: 'SQS requests',
    unit: 'million',
    service: 'AWSQueueService',
    usageType: 'Requests-Tier1',
    where: { 'queue type': 'Standard' },
    units: 1_000_000,
  },
  databaseRequests: {
    label: 'requests to storage (Aurora)',
    unit: 'million',
    service: 'AmazonRDS',
    usageType: 'Aurora:StorageIOUsage',
    where: { 'database engine': 'Aurora MySQL' },
    units: 1_000_000,
  },
  databaseStorage: {
    label: 'storage (Aurora)',
    unit: 'GB-month',
    service: 'AmazonRDS',
    usageType: 'Aurora:StorageUsage',
    where: { 'database engine': 'Aurora MySQL' },
  },
  /** For each virtual CPU. */
  databaseInsights: {
    label: 'Database Insights',
    unit: 'hour',
    service: 'AmazonCloudWatch',
    usageType: 'CW:DatabaseInsights-vCPU-Hours',
    where: { databaseenginetype: 'Aurora-MySQL' },
  },
  brokerVolumes: { label: 'volumes (MSK)', unit: 'GB-month', service: 'AmazonMSK', usageType: 'Kafka.Storage.GP2' },
  tableReads: {
    label: 'reads (DynamoDB)',
    unit: 'million',
    service: 'AmazonDynamoDB',
    usageType: 'ReadRequestUnits',
    units: 1_000_000,
  },
  tableWrites: {
    label: 'writes (DynamoDB)',
    unit: 'million',
    service: 'AmazonDynamoDB',
    usageType: 'WriteRequestUnits',
    units: 1_000_000,
  },
  tableStorage: {
    label: 'storage (DynamoDB)',
    unit: 'GB-month',
    service: 'AmazonDynamoDB',
    usageType: 'TimedStorage-ByteHrs',
  },
  tableBackup: {
    label: 'backup (DynamoDB)',
    unit: 'GB-month',
    service: 'AmazonDynamoDB',
    usageType: 'TimedPITRStorage-ByteHrs',
  },
} as const satisfies Record<string, Billed>;

/** What is billed by the hour and by type, which the id ends with. */
const byType = {
  node: {
    label: 'nodes',
    service: 'AmazonEC2',
    usageType: 'BoxUsage:',
    where: { 'operating system': 'Linux', 'pre installed s/w': 'NA', 'license model': 'No License required' },
  },
  cache: {
    label: 'cache',
    service: 'AmazonElastiCache',
    usageType: 'NodeUsage:',
    where: { 'cache engine': 'Valkey' },
  },
  database: {
    label: 'database',
    service: 'AmazonRDS',
    usageType: 'InstanceUsage:',
    where: { 'database engine': 'Aurora MySQL' },
  },
  broker: { label: 'brokers', service: 'AmazonMSK', usageType: '' },
} as const satisfies Record<string, Omit<Billed, 'unit'>>;

type ByType = keyof typeof byType;

/** Id of a price: one of the above, or a kind and a type: `node:m7g.large`. */
export type PriceId = keyof typeof billed | `${ByType}:${string}`;

/** Ids of all prices that depend on no type. */
export const priceIds = Object.keys(billed) as (keyof typeof billed)[];

export function billedOf(id: PriceId): Billed {
  if (id in billed) return billed[id as keyof typeof billed];
  const [kind, type] = id.split(':') as [ByType, string];
  const { label, usageType, ...rest } = byType[kind];
  // MSK lists `Kafka.m7g.large`.
  const listed = kind === 'broker' ? type.replace('kafka', 'Kafka') : type;
  return { ...rest, label: `${label} (${type})`, unit: 'hour', usageType: usageType + listed };
}
