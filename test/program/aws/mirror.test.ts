// Staging mirrors production: the two graphs differ in what is listed here, and in nothing else.
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import type { Operation } from 'rfc6902';
import { key } from '../declare.ts';
import { difference, manifest } from '../golden.ts';
import { declareStack } from '../stacks.ts';

/** What may differ: resources by key, and the paths within them. */
const SIZES: readonly (readonly [resource: RegExp, path: RegExp])[] = [
  [/ \(aws-native:eks:Nodegroup\)$/, /^\/properties\/(instanceTypes\/0|scalingConfig\/(desired|max|min)Size)$/],
  [/ \(aws-native:elasticache:ReplicationGroup\)$/, /^\/properties\/(cacheNodeType|numCacheClusters)$/],
  [/ \(aws-native:rds:DbInstance\)$/, /^\/properties\/dbInstanceClass$/],
  [/ \(aws-native:rds:DbCluster\)$/, /^\/properties\/(backupRetentionPeriod|deletionProtection)$/],
  [/ \(aws-native:eks:Cluster\)$/, /^\/properties\/deletionProtection$/],
  [/ \(aws-native:logs:LogGroup\)$/, /^\/properties\/retentionInDays$/],
  // It shows each node of the cache.
  [/ \(aws-native:cloudwatch:Dashboard\)$/, /^\/properties\/dashboardBody$/],
  // With a NAT gateway of its own, a zone has another way out.
  [/\/vpc-[bc] \(aws-native:ec2:Route\)$/, /^\/properties\/natGatewayId$/],
  [
    / \(kubernetes:keda\.sh\/v1alpha1:ScaledObject\)$/,
    /^\/properties\/spec\/(maxReplicaCount|minReplicaCount|cooldownPeriod|pollingInterval|advanced\/horizontalPodAutoscalerConfig\/behavior\/scaleDown\/stabilizationWindowSeconds)$/,
  ],
  [/^api\/api\/api-config /, /^\/properties\/data\/(API_BODIES_BYTES|API_WORKERS|NODE_OPTIONS)$/],
];

/** What holds records, which production protects. */
const PROTECTED = / \(aws-native:(eks:Cluster|kms:Key|rds:DbCluster|sqs:Queue)\)$/;

const isListed = (resource: string, operation: Operation): boolean =>
  SIZES.some(([of, within]) => of.test(resource) && within.test(operation.path)) ||
  (PROTECTED.test(resource) && isDeepStrictEqual(operation, { op: 'add', path: '/options', value: { protect: true } }));

/** Resources that only production has. */
const MORE = /\/vpc-[bc] \(aws-native:ec2:(Eip|NatGateway)\)$|\/(database|RedisEvicting)-\d \(/;

/** Resources that only staging has, so that no experiment runs in production by mistake. */
const FEWER = /\/experiments/;

const named = async (stack: string, host: string) => {
  const declared = await declareStack(stack);
  const text = JSON.stringify(declared.map((resource) => ({ ...resource, urns: [], outputs: {} })));
  return manifest(JSON.parse(text.replaceAll(stack, 'aws-stack').replaceAll(host, 'host.example')));
};

test('the graphs of staging and production differ in the listed sizes only', async () => {
  const staging = await named('aws-staging', 'staging.breakwater.example');
  const { added, changed, removed } = difference(staging, await named('aws-production', 'breakwater.example'));
  expect(removed.filter((resource) => !FEWER.test(resource))).toEqual([]);
  expect(Object.keys(added).filter((resource) => !MORE.test(resource))).toEqual([]);
  const differences = Object.entries(changed).flatMap(([resource, operations]) =>
    operations.filter((operation) => !isListed(resource, operation)).map(({ op, path }) => `${resource} ${op} ${path}`),
  );
  expect(differences).toEqual([]);
});

test('a difference that is not listed is found', async () => {
  const declared = await declareStack('aws-staging');
  const other = await declareStack('aws-staging', { 'cluster:ingressClass': 'alb', 'aws:privateApi': true });
  const { changed } = difference(manifest(declared), manifest(other));
  expect(Object.keys(changed)).toEqual([key(other.find(({ type }) => type === 'aws-native:eks:Cluster')!)]);
  const [resource, operations] = Object.entries(changed)[0]!;
  expect(operations.filter((operation) => isListed(resource, operation))).toEqual([]);
});

test.each<[string, Operation]>([
  ['eks-a (aws-native:eks:Nodegroup)', { op: 'remove', path: '/options' }],
  ['queue (aws-native:sqs:Queue)', { op: 'add', path: '/options', value: { protect: true, ignoreChanges: ['tags'] } }],
  ['gate (kubernetes:core/v1:Service)', { op: 'replace', path: '/properties/metadata/name', value: 'other' }],
])('nor is another change of %s listed', (resource, operation) => {
  expect(isListed(resource, operation)).toBe(false);
});
