// The rules of the stack on AWS (`cluster:kind eks`): what cannot work there is refused before
// anything is created.
import { type ConfigProblem, problemIf } from './errors.ts';
import { isManaged } from './managed.ts';
import { ZONES } from './schema/aws.ts';
import type { StackConfig } from './schema.ts';

/** Networks that are taken inside a cluster: its Services, and Docker's bridge on the nodes. */
export const SERVICE_CIDR = '172.20.0.0/16';
const DOCKER_CIDR = '172.17.0.0/16';

/** RFC 1918. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** An IPv4 network: its first address as a number, and the length of its prefix. */
export interface Network {
  readonly first: number;
  readonly prefix: number;
}

/** Number of addresses in a network. */
export const sizeOf = ({ prefix }: Network): number => 2 ** (32 - prefix);

/** The network in CIDR notation; undefined if it is none. */
export function parseCidr(text: string): Network | undefined {
  const [, address = '', length = ''] = /^([\d.]+)\/(\d+)$/.exec(text) ?? [];
  const bytes = address.split('.').map(Number);
  const prefix = Number(length);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte <= 255)) || !(prefix <= 32) || length === '') return undefined;
  const first = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return first % sizeOf({ first, prefix }) === 0 ? { first, prefix } : undefined;
}

/** In the stack files instead of the networks that may reach the API. No network has it (RFC 5737). */
export const EXAMPLE_CIDR = '203.0.113.0/24';

/** Who may reach the Kubernetes API. */
function apiProblems({ cluster, aws }: StackConfig): readonly ConfigProblem[] {
  const cidrs = aws.apiCidrs?.split(',') ?? [];
  const networks = cidrs.map((cidr) => [cidr, parseCidr(cidr)] as const);
  const isPrivate = (network: Network) => PRIVATE.some((range) => overlaps(parseCidr(range)!, network));
  const wrong = networks.filter(([, network]) => network === undefined);
  const apart = networks.filter(([, network]) => network && network.prefix > 0 && isPrivate(network));
  const isOpen = cidrs.length === 0 || networks.some(([, network]) => network?.prefix === 0);
  return [
    ...wrong.map(([cidr]) => ({
      key: 'aws:apiCidrs',
      message: `has ${cidr}, which is not the start of a network; allowed: such as 198.51.100.7/32`,
    })),
    ...(aws.privateApi ? [] : apart).map(([cidr]) => ({
      key: 'aws:apiCidrs',
      message: `has ${cidr}, which does not reach the public API; remove it, or set aws:privateApi`,
    })),
    ...problemIf(
      cluster.protect && !aws.privateApi && isOpen,
      'aws:apiCidrs',
      () =>
        `is ${aws.apiCidrs ?? 'missing'}: with cluster:protect, name the networks that may reach the Kubernetes API, or set aws:privateApi`,
    ),
  ];
}

const regionOf = (arn: string): string => arn.split(':')[3] ?? '';

/** Retentions up to a year that CloudWatch Logs offers. */
const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365];

const contains = (outer: Network, inner: Network): boolean =>
  inner.first >= outer.first && inner.first + sizeOf(inner) <= outer.first + sizeOf(outer);

const overlaps = (a: Network, b: Network): boolean => contains(a, b) || contains(b, a);

function cidrProblem(cidr: string): string | undefined {
  const network = parseCidr(cidr);
  if (network === undefined) return `is ${cidr}, which is not the start of a network; allowed: such as 10.40.0.0/16`;
  if (network.prefix < 16 || network.prefix > 20) return `is ${cidr}; allowed: /16 to /20`;
  if (!PRIVATE.some((range) => contains(parseCidr(range)!, network)))
    return `is ${cidr}, which is not private; allowed: within ${PRIVATE.join(', ')}`;
  const taken = [SERVICE_CIDR, DOCKER_CIDR].find((range) => overlaps(parseCidr(range)!, network));
  return taken === undefined ? undefined : `is ${cidr}, which overlaps ${taken}, a network inside the cluster`;
}

/** The platform of an instance type, as Docker names it. A `g` after the generation is Graviton. */
export const platformOfInstance = (type: string): 'linux/arm64' | 'linux/amd64' =>
  /^[a-z]+\d+g/.test(type) ? 'linux/arm64' : 'linux/amd64';

function onEks(config: StackConfig): readonly ConfigProblem[] {
  const { cluster, aws, images, api } = config;
  const { region, zones, cidr, instanceType, minNodesPerZone, maxNodesPerZone, logDays } = aws;
  const letters = zones.split(',');
  const offered = ZONES[region ?? ''];
  const missing = letters.filter((letter) => !offered?.includes(letter));
  const platform = platformOfInstance(instanceType);
  const network = cidrProblem(cidr);
  return [
    ...problemIf(region === undefined, 'aws:region', () => 'is missing: cluster:kind eks requires it'),
    ...problemIf(
      region !== undefined && offered === undefined,
      'aws:region',
      () => `is ${region}, which is not a region with three zones; allowed: ${Object.keys(ZONES).join(', ')}`,
    ),
    ...problemIf(
      offered !== undefined && missing.length > 0,
      'aws:zones',
      () => `has ${missing.join(', ')}, which ${region} does not have; allowed: three of ${[...offered!].join(', ')}`,
    ),
    ...problemIf(
      new Set(letters).size < letters.length,
      'aws:zones',
      () => `is ${zones}, which names a zone twice; name three different ones`,
    ),
    ...problemIf(network !== undefined, 'aws:cidr', () => network!),
    ...apiProblems(config),
    ...problemIf(
      minNodesPerZone > maxNodesPerZone,
      'aws:minNodesPerZone',
      () => `is ${minNodesPerZone}, more than aws:maxNodesPerZone (${maxNodesPerZone})`,
    ),
    ...problemIf(
      !LOG_DAYS.includes(logDays),
      'aws:logDays',
      () => `is ${logDays}, which CloudWatch does not offer; allowed: ${LOG_DAYS.join(', ')}`,
    ),
    ...problemIf(
      images.platform !== platform,
      'images:platform',
      () => `is ${images.platform ?? 'missing'}: nodes of the type ${instanceType} run ${platform}`,
    ),
    ...(['certificate', 'alarmTopic'] as const).flatMap((key) =>
      problemIf(
        aws[key] !== undefined && regionOf(aws[key]) !== region,
        `aws:${key}`,
        () => `is in ${regionOf(aws[key]!)}; the stack takes one of ${region ?? 'aws:region'}`,
      ),
    ),
    ...problemIf(
      api.exposure !== 'ingress',
      'api:exposure',
      () => `is ${api.exposure}: the nodes have no public addresses; set it to ingress, which is the load balancer`,
    ),
    ...problemIf(
      cluster.ingressClass !== 'alb' && cluster.context === undefined,
      'cluster:ingressClass',
      () => `is ${cluster.ingressClass}: with cluster:kind eks, the AWS Load Balancer Controller serves alb`,
    ),
  ];
}

/** What AWS runs for the stack. */
function managed({ aws, queue, kafka, redis, store, dynamodb, mysql }: StackConfig): readonly ConfigProblem[] {
  const both = (['redis', 'kafka'] as const).filter(
    (server) => ({ redis, kafka })[server].managed && !isManaged({ redis, kafka }[server].external),
  );
  const logins = [
    ...(redis.managed ? [['redis:password', redis.password] as const] : []),
    ...(kafka.managed ? (['username', 'password'] as const).map((key) => [`kafka:${key}`, kafka[key]] as const) : []),
    ...(isManaged(mysql.external)
      ? (['username', 'password'] as const).map((key) => [`mysql:${key}`, mysql[key]] as const)
      : []),
  ];
  return [
    ...problemIf(
      redis.managed && queue.kind === 'redis-streams',
      'redis:managed',
      () =>
        'is true with queue:kind redis-streams: ElastiCache keeps its data in memory, and a failover would lose accepted records; use sqs or kafka as the queue, or the Redis of the stack',
    ),
    ...problemIf(
      kafka.managed && queue.kind !== 'kafka',
      'kafka:managed',
      () => `is used only with queue:kind kafka, and that is ${queue.kind}; remove it`,
    ),
    ...problemIf(
      kafka.managed && kafka.brokers % 3 !== 0,
      'kafka:brokers',
      () => `is ${kafka.brokers}: MSK has the same number in each of the three zones; use a multiple of 3`,
    ),
    ...both.map((server) => ({
      key: `${server}:managed`,
      message: `is true, but ${server}:external names another server; remove one of them`,
    })),
    ...logins.flatMap(([key, value]) =>
      problemIf(
        value !== undefined,
        key,
        () => 'is given, but the stack generates the login of what AWS runs for it; remove it',
      ),
    ),
    ...problemIf(
      store.kind === 'dynamodb' && dynamodb.endpoint === undefined && dynamodb.region !== aws.region,
      'dynamodb:region',
      () => `is ${dynamodb.region}: the stack creates its table in aws:region (${aws.region}); remove it`,
    ),
  ];
}

/** What cannot work on AWS, or makes sense only there. */
export const awsRule = (config: StackConfig): readonly ConfigProblem[] =>
  config.cluster.kind === 'eks'
    ? [...onEks(config), ...managed(config)]
    : [
        ['aws:region', config.aws.region !== undefined] as const,
        ['redis:managed', config.redis.managed] as const,
        ['kafka:managed', config.kafka.managed] as const,
      ].flatMap(([key, isSet]) =>
        problemIf(isSet, key, () => 'is used only with cluster:kind eks; remove it, or set cluster:kind eks'),
      );
