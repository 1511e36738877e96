// Config of the stack on AWS (`cluster:kind eks`): where it runs, its network and its nodes.
import { z } from 'zod';
import { optionalText, textOr, toggle, wholeNumber } from '../keys.ts';

/**
 * Letters of the zones by region. Left out: regions with fewer than three zones for an account, and
 * those of other partitions (China, GovCloud).
 */
export const ZONES: Readonly<Record<string, string>> = {
  'af-south-1': 'abc',
  'ap-east-1': 'abc',
  'ap-east-2': 'abc',
  'ap-northeast-1': 'abcd',
  'ap-northeast-2': 'abcd',
  'ap-northeast-3': 'abc',
  'ap-south-1': 'abc',
  'ap-south-2': 'abc',
  'ap-southeast-1': 'abc',
  'ap-southeast-2': 'abc',
  'ap-southeast-3': 'abc',
  'ap-southeast-4': 'abc',
  'ap-southeast-5': 'abc',
  'ap-southeast-7': 'abc',
  'ca-central-1': 'abcd',
  'ca-west-1': 'abc',
  'eu-central-1': 'abc',
  'eu-central-2': 'abc',
  'eu-north-1': 'abc',
  'eu-south-1': 'abc',
  'eu-south-2': 'abc',
  'eu-west-1': 'abc',
  'eu-west-2': 'abc',
  'eu-west-3': 'abc',
  'il-central-1': 'abc',
  'me-central-1': 'abc',
  'me-south-1': 'abc',
  'mx-central-1': 'abc',
  'sa-east-1': 'abc',
  'us-east-1': 'abcdef',
  'us-east-2': 'abc',
  'us-west-2': 'abcd',
};

const replacesCluster = 'Refused: the EKS cluster and its volumes would be replaced.';

const nodes = (fallback: number, description: string, change = '') =>
  wholeNumber({
    min: 1,
    max: 100,
    default: fallback,
    unit: 'nodes',
    description,
    change: `In place: the autoscaler drains a node before it removes it. ${change}Data stays.`,
  });

/** `aws:*` */
export const awsSchema = z.object({
  region: optionalText({
    pattern: /^[a-z]{2}-[a-z]+-\d$/,
    allowed: 'a region, such as eu-west-1',
    description:
      'Region that the stack runs in. Required with `cluster:kind eks`; that of your AWS profile is not used.',
    change: replacesCluster,
  }),
  zones: textOr('a,b,c', {
    pattern: /^[a-f](,[a-f]){2}$/,
    allowed: 'the letters of three zones, such as a,b,c',
    description: 'Availability zones of the region. Each has its own subnets and its own node group.',
    change: replacesCluster,
  }),
  cidr: textOr('10.40.0.0/16', {
    pattern: /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/,
    allowed: 'a private IPv4 network from /16 to /20, such as 10.40.0.0/16',
    description: 'Network of the VPC. Each zone gets a quarter for nodes and pods, and a sixteenth for load balancers.',
    change: replacesCluster,
  }),
  natPerZone: toggle({
    default: false,
    description:
      'Whether each zone has a NAT gateway. With one for all zones, the nodes of the other two lose the internet with its zone, and pay for traffic between zones.',
    change: 'In place. Connections to the internet break briefly. Data stays.',
  }),
  kubernetesVersion: textOr('1.34', {
    pattern: /^1\.\d{2}$/,
    allowed: 'a Kubernetes version that EKS offers, such as 1.34',
    description: 'Version of the control plane and of the nodes.',
    change: 'Upgrades the control plane, then rolls the nodes, by one minor version at a time. Data stays.',
  }),
  privateApi: toggle({
    default: false,
    description:
      'Whether the Kubernetes API is reachable from within the VPC only. `pulumi up` must then run there, or over a VPN.',
    change: 'In place. No data is touched.',
  }),
  apiCidrs: optionalText({
    pattern: /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}(,\d{1,3}(\.\d{1,3}){3}\/\d{1,2})*$/,
    allowed: 'IPv4 networks, separated by commas, such as 198.51.100.7/32',
    description:
      'Networks that may reach the Kubernetes API: over the internet, or with `aws:privateApi` from the VPC and from what is connected to it. Without it, the whole internet, or the VPC. Required with `cluster:protect`, unless the API is private.',
    change: 'In place. No data is touched.',
  }),
  admins: optionalText({
    pattern: /^arn:aws:iam::\d{12}:(role|user)\/\S+?(,arn:aws:iam::\d{12}:(role|user)\/\S+?)*$/,
    allowed: 'ARNs of IAM roles or users, separated by commas',
    description: 'Who may administer the cluster, besides the one who creates it.',
    change: 'In place: adds or removes access entries. No data is touched.',
  }),
  instanceType: textOr('m7g.large', {
    pattern: /^[a-z]{1,2}\d[a-z0-9-]*\.(large|\d*xlarge)$/,
    allowed: 'an EC2 instance type from large, such as m7g.large',
    description: 'Instance type of the nodes. Its architecture must be that of `images:platform`.',
    change: 'Replaces the node groups: pods move to new nodes. Volumes stay in their zones, and data on them.',
  }),
  minNodesPerZone: nodes(
    1,
    'Number of nodes in each zone that always run.',
    'EKS refuses more than run at that time in a zone: start them first (docs/aws.md, "Scaling"). ',
  ),
  maxNodesPerZone: nodes(3, 'Number of nodes in each zone that the cluster autoscaler may start.'),
  cacheNodeType: textOr('cache.t4g.medium', {
    pattern: /^cache\.[a-z]\d[a-z]*\.[a-z0-9]+$/,
    allowed: 'a node type of ElastiCache, such as cache.m7g.large',
    description: 'Node type of the cache, with `redis:managed`.',
    change: 'In place: replicas first, then a failover. Requests wait for some seconds.',
  }),
  cacheReplicas: wholeNumber({
    min: 1,
    max: 5,
    default: 1,
    unit: 'replicas',
    description: 'Number of replicas of the cache, in other zones, one of which takes over when the primary fails.',
    change: 'In place. The cache stays.',
  }),
  databaseType: textOr('db.r7g.large', {
    pattern: /^db\.[a-z]\d[a-z]*\.[a-z0-9]+$/,
    allowed: 'an instance type of Aurora, such as db.r7g.large',
    description: 'Instance type of Aurora MySQL, with `store:kind mysql` and without `mysql:external`.',
    change: 'In place, instance by instance: the consumers wait for a failover, some 30 seconds. Data stays.',
  }),
  databaseReaders: wholeNumber({
    min: 0,
    max: 15,
    default: 1,
    unit: 'instances',
    description:
      'Number of instances of Aurora that serve reads, and take over when the writer fails. Without one, a failed writer is started anew, which takes ten minutes.',
    change: 'Creates or deletes instances. Data stays.',
  }),
  brokerType: textOr('kafka.m7g.large', {
    pattern: /^kafka\.[a-z]\d[a-z]*\.[a-z0-9]+$/,
    allowed: 'a broker type of MSK, such as kafka.m7g.large',
    description:
      'Broker type of MSK, with `kafka:managed`. `kafka:brokers` is their number, `kafka:volumeGiB` the volume of each.',
    change: 'In place: MSK restarts one broker at a time. Records stay.',
  }),
  tableUnits: wholeNumber({
    min: 1,
    max: 1_000_000,
    default: 0,
    or: { value: 0, meaning: 'no limit' },
    unit: 'request units/s',
    description:
      'Most reads, and most writes, a second of the table with `store:kind dynamodb`: the limit on what it costs. What exceeds it waits in the queue.',
    change: 'In place. Data stays.',
  }),
  experiments: toggle({
    default: false,
    description:
      'Whether there are experiment templates of AWS FIS: failures of a node, a zone, the database and the cache. They do nothing until they are started.',
    change: 'Creates or deletes the templates and their role. No data is touched.',
  }),
  alarmTopic: optionalText({
    pattern: /^arn:aws:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$/,
    allowed: 'the ARN of an SNS topic',
    description:
      'SNS topic that CloudWatch notifies when an alarm changes to or from ALARM. Without it, alarms show in the console only.',
    change: 'In place. No data is touched.',
  }),
  certificate: optionalText({
    pattern: /^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[a-f0-9-]+$/,
    allowed: 'the ARN of a certificate in ACM',
    description: 'Certificate of the load balancer for the host names of the stack. Without it, it serves HTTP.',
    change: 'In place: the load balancer changes its listeners. Connections break briefly. Data stays.',
  }),
  logDays: wholeNumber({
    min: 1,
    max: 365,
    default: 30,
    unit: 'days',
    description: 'How long CloudWatch keeps logs: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365 days.',
    change: 'In place. Lowering it deletes older logs.',
  }),
});
