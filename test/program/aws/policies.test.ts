// The AWS half of the stacks complies with the policies, and each policy detects what breaks it.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Declared } from '../declare.ts';
import { declareStack } from '../stacks.ts';
import type { Manifest, Policies } from '../workloads.ts';
import { attachedTo, awsPolicies, MANAGED, productionPolicies, STARS, starredOf } from './policies.ts';
import { awsOf, otherServices } from './resources.ts';

const stacks = ['aws-staging', 'aws-production', 'aws-production with MSK and DynamoDB'] as const;
let declared: Readonly<Record<(typeof stacks)[number], readonly Declared[]>>;
beforeAll(async () => {
  declared = {
    'aws-staging': await declareStack('aws-staging'),
    'aws-production': await declareStack('aws-production'),
    'aws-production with MSK and DynamoDB': await declareStack('aws-production', otherServices),
  };
});

describe.each(stacks)('%s', (stack) => {
  const policies: Policies = stack !== 'aws-staging' ? { ...awsPolicies, ...productionPolicies } : awsPolicies;
  test.each(Object.keys(policies))('%s', (says) => {
    expect(policies[says]!(declared[stack])).toEqual([]);
  });
});

test('every reason for a star is needed', () => {
  expect([...starredOf(declared['aws-staging'])].sort()).toEqual(Object.keys(STARS).sort());
});

test('every reason for a policy of AWS is needed', () => {
  expect(attachedTo(declared['aws-staging'])).toEqual(new Set(Object.keys(MANAGED)));
});

test('in an account without a load balancer, the controller may create the role of the service', () => {
  const role = awsOf(declared['aws-staging'], 'iam:Role').find(({ name }) => name === 'aws-load-balancer-controller')!;
  expect(role.inputs.policies[0].policyDocument.Statement).toContainEqual({
    Sid: 'FirstLoadBalancer',
    Effect: 'Allow',
    Action: ['iam:CreateServiceLinkedRole'],
    Resource: expect.stringMatching(
      /^arn:aws:iam::\d{12}:role\/aws-service-role\/elasticloadbalancing\.amazonaws\.com\//,
    ),
    Condition: { StringEquals: { 'iam:AWSServiceName': 'elasticloadbalancing.amazonaws.com' } },
  });
});

test('an administrator who is removed changes no access entry of another', async () => {
  const [first, second] = ['role/ops', 'user/ops/jo'].map((path) => `arn:aws:iam::123456789012:${path}`);
  const entries = async (...arns: readonly string[]) =>
    awsOf(await declareStack('aws-staging', { 'aws:admins': arns.join(',') }), 'eks:AccessEntry').map(
      ({ name, inputs }) => [name, inputs.principalArn],
    );
  const [, kept] = await entries(first!, second!);
  expect(await entries(second!)).toEqual([kept]);
});

/** What breaks a policy: the type and name of a resource, and a change of its inputs or options. */
const mutants: readonly (readonly [
  policy: string,
  of: string,
  breaks: (inputs: Manifest, options: Manifest) => void,
])[] = [
  [
    'every resource has the tags of the project and of the stack',
    'eks:Nodegroup eks-a',
    (inputs) => delete inputs.tags.stack,
  ],
  [
    'every resource has the tags of the project and of the stack',
    'ec2:LaunchTemplate eks-node',
    (inputs) => (inputs.launchTemplateData.tagSpecifications[1].tags[2].value = 'breakwater-other'),
  ],
  ['what is kept is encrypted', 'ecr:Repository ecr-api', (inputs) => delete inputs.encryptionConfiguration],
  [
    'nothing but the load balancer is open to the internet',
    'ec2:SecurityGroup vpc-endpoints',
    (inputs) => (inputs.securityGroupIngress[0].cidrIp = '0.0.0.0/0'),
  ],
  [
    'nothing but the load balancer is open to the internet',
    'eks:Cluster eks',
    (inputs) => delete inputs.resourcesVpcConfig.publicAccessCidrs,
  ],
  [
    'no statement allows any action or any resource without a reason',
    'iam:Role cluster-autoscaler',
    (inputs) => (inputs.policies[0].policyDocument.Statement[1].Resource = '*'),
  ],
  [
    'no statement allows any action or any resource without a reason',
    'iam:Role cluster-autoscaler',
    (inputs) => (inputs.policies[0].policyDocument.Statement[1].Resource = 'arn:aws:eks:*:123456789012:nodegroup/x/*'),
  ],
  [
    'no statement allows any action or any resource without a reason',
    'iam:Role cluster-autoscaler',
    (inputs) => (inputs.policies[0].policyDocument.Statement[2].Action = ['autoscaling:Set*']),
  ],
  [
    'no role has a policy of AWS without a reason',
    'iam:Role eks-node',
    (inputs) => inputs.managedPolicyArns.push('arn:aws:iam::aws:policy/AmazonS3FullAccess'),
  ],
  [
    'nodes give their credentials to no pod',
    'ec2:LaunchTemplate eks-node',
    (inputs) => (inputs.launchTemplateData.metadataOptions.httpPutResponseHopLimit = 2),
  ],
  [
    'the autoscaler alone sets the size of a node group',
    'eks:Nodegroup eks-b',
    (_, options) => delete options.ignoreChanges,
  ],
  ['what holds records is protected', 'kms:Key key', (_, options) => delete options.protect],
];

describe('a policy detects what breaks it', () => {
  const all: Policies = { ...awsPolicies, ...productionPolicies };

  test('each has a mutant', () => {
    expect(new Set(mutants.map(([policy]) => policy))).toEqual(new Set(Object.keys(all)));
  });

  test.each(mutants)('%s: %s', (policy, of, breaks) => {
    const broken = structuredClone(declared['aws-production']);
    const found = broken.find(({ type, name }) => `${type.replace('aws-native:', '')} ${name}` === of);
    breaks(found!.properties, found!.options);
    const statement = policy.startsWith('no statement');
    expect(all[policy]!(broken)).toEqual([statement ? expect.stringContaining('/') : of]);
  });
});
