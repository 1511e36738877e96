// The AWS resources of every stack pass cfn-lint, which knows the values that Pulumi's preview
// accepts and AWS refuses.
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { run } from '../../../tooling/run.ts';
import { findPython, NO_PYTHON, pythonWith } from '../../python.ts';
import { declareStack } from '../stacks.ts';
import { type AwsResource, awsOf, otherServices } from './resources.ts';

const CFN_LINT = 'cfn-lint==1.58.0';

/**
 * Warnings that do not apply: the config names the zones on purpose, and checks them; Pulumi
 * encrypts passwords in its state.
 */
const IGNORED = /: (W3010|W2501) /;

const python = findPython(process.env);
if (python === undefined) throw new Error(`${NO_PYTHON}: cfn-lint needs it`);

async function lint(resources: readonly AwsResource[]): Promise<readonly string[]> {
  const program = await pythonWith(python!, CFN_LINT);
  const input = JSON.stringify({
    region: 'eu-west-1',
    resources: resources.map(({ name, type, inputs }) => ({ name, type, properties: inputs })),
  });
  const printed = await run(program, [join(__dirname, 'cfn-lint.py')], { input, timeoutMs: 120_000 });
  return printed.split('\n').filter((line) => line !== '' && !IGNORED.test(line));
}

test.each([
  ['aws-staging', {}],
  ['aws-production', {}],
  ['aws-staging', otherServices],
])(
  '%s %j',
  async (stack, more) => {
    expect(await lint(awsOf(await declareStack(stack, more)))).toEqual([]);
  },
  180_000,
);

test('a mistake is found: a wrong value, a wrong key, a missing one', async () => {
  const resources = structuredClone(awsOf(await declareStack('aws-staging'))) as AwsResource[];
  const inputs = (name: string) => resources.find((resource) => resource.name === name)!.inputs;
  inputs('eks-a').amiType = 'AL2023';
  inputs('ecr-api').scanning = true;
  delete inputs('vpc-a-private').vpcId;
  expect(await lint(resources)).toEqual([
    expect.stringMatching(/^ecr:Repository ecr-api .*scanning/),
    expect.stringMatching(/^eks:Nodegroup eks-a AmiType: E3030 /),
    expect.stringMatching(/^ec2:Subnet vpc-a-private .*'VpcId' is a required property/),
  ]);
}, 180_000);
