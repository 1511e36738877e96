// Staging mirrors production: the two graphs differ in what is listed here, and in nothing else.
import { expect, test } from '@jest/globals';
import { key } from '../declare.ts';
import { difference, manifest } from '../golden.ts';
import { declareStack } from '../stacks.ts';

/** What may differ: resources by key, and the paths within them. */
const SIZES: readonly (readonly [resource: RegExp, path: RegExp])[] = [
  [/Nodegroup/, /^\/properties\/(instanceTypes\/0|scalingConfig\/\w+)$/],
  [/ReplicationGroup/, /^\/properties\/(cacheNodeType|numCacheClusters)$/],
  [/rds:Db/, /^\/properties\/(dbInstanceClass|backupRetentionPeriod)$/],
  [/LogGroup/, /^\/properties\/retentionInDays$/],
  [/ScaledObject/, /^\/properties\/spec\/(maxReplicaCount|minReplicaCount|cooldownPeriod|pollingInterval)$/],
  [/ScaledObject/, /^\/properties\/spec\/advanced\/.*(stabilizationWindowSeconds|periodSeconds|value)$/],
  [
    /^api\//,
    /^\/properties\/(spec\/template\/spec\/containers\/0\/(env|resources)|data)\/.*(API_WORKERS|API_BODIES_BYTES|NODE_OPTIONS|cpu|memory)$/,
  ],
  // Protection.
  [/./, /^\/options\/protect$|^\/options$|^\/properties\/(deletionProtection|protect)$/],
  // With a NAT gateway of its own, a zone has another way out.
  [/vpc-[bc] \(aws-native:ec2:Route\)/, /^\/properties\/natGatewayId$/],
  // Config objects are named after their content.
  [/./, /^\/properties\/metadata\/name$/],
];

/** Resources that only production has. */
const MORE = /\/vpc-[bc] \(aws-native:ec2:(Eip|NatGateway)\)$|\/database-\d \(/;

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
    operations
      .filter(({ path }) => !SIZES.some(([of, within]) => of.test(resource) && within.test(path)))
      .map(({ op, path }) => `${resource} ${op} ${path}`),
  );
  expect(differences).toEqual([]);
});

test('a difference that is not listed is found', async () => {
  const declared = await declareStack('aws-staging');
  const other = await declareStack('aws-staging', { 'cluster:ingressClass': 'alb', 'aws:privateApi': true });
  const { changed } = difference(manifest(declared), manifest(other));
  expect(Object.keys(changed)).toEqual([key(other.find(({ type }) => type === 'aws-native:eks:Cluster')!)]);
  const operations = Object.values(changed).flat();
  expect(operations.some(({ path }) => SIZES.some(([, within]) => within.test(path)))).toBe(false);
});
