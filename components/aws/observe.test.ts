// The checks before a stack on AWS is created, and their messages.
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { type Answer, failed, fakeRun, inEmptyFolder } from '../cluster/cluster.testing.ts';
import { awsProblems, credentialSources, observeAws } from './observe.ts';

const config = parseStackConfig({
  'cluster:kind': 'eks',
  'cluster:ingressClass': 'alb',
  'aws:region': 'eu-west-1',
  'images:platform': 'linux/arm64',
}).aws;

const everything: Record<string, Answer> = {
  'aws sts get-caller-identity': '123456789012\n',
  'aws ec2 describe-availability-zones': 'eu-west-1a\teu-west-1b\teu-west-1c\n',
  'aws ec2 describe-instance-type-offerings': 'eu-west-1a\teu-west-1b\teu-west-1c\n',
};
const look = async (answers: Record<string, Answer>, cli = true) => ({
  ...(await observeAws(fakeRun(answers).run, config, cli)),
  installed: true,
});
const problems = async (answers: Record<string, Answer>) => awsProblems(await look(answers), config);

inEmptyFolder();

test('nothing is in the way', async () => {
  expect(await problems(everything)).toEqual([]);
});

test('the package is missing', async () => {
  const facts = await observeAws(fakeRun(everything).run, config, true);
  expect(awsProblems(facts, config)).toEqual(['the AWS package is not installed: run npm ci --prefix components/aws']);
});

test('without the CLI, AWS is not asked', async () => {
  expect(await look({}, false)).toEqual({ installed: true });
});

test('without credentials, it says where they were looked for', async () => {
  const [problem, ...others] = await problems({
    'aws sts': failed('Unable to locate credentials. You can configure credentials by running "aws configure".'),
  });
  expect(others).toEqual([]);
  expect(problem).toMatch(
    /^AWS accepts no credentials \(Unable to locate credentials\..*\): run aws configure or aws sso login\. Looked for:\n {4}- environment: /,
  );
});

test('a zone and an instance type that the account does not have', async () => {
  expect(
    await problems({
      ...everything,
      'aws ec2 describe-availability-zones': 'eu-west-1a eu-west-1b',
      'aws ec2 describe-instance-type-offerings': 'eu-west-1a',
    }),
  ).toEqual([
    'the account has no zone eu-west-1c (aws:zones): it has eu-west-1a, eu-west-1b',
    'm7g.large (aws:instanceType) is not offered in eu-west-1b, eu-west-1c: choose other zones of eu-west-1a, or another type',
  ]);
});

test('a user who may not list them is not stopped', async () => {
  expect(await problems({ ...everything, 'aws ec2': failed('AccessDenied') })).toEqual([]);
  const denied = { 'aws sts get-caller-identity': '1', 'aws ec2 describe-availability-zones': failed('AccessDenied') };
  expect(await problems({ ...denied, 'aws ec2 describe-instance-type-offerings': failed('AccessDenied') })).toEqual([]);
});

describe('where credentials are looked for', () => {
  test('none', () => {
    expect(credentialSources({ HOME: '/home/me' }, () => false)).toEqual([
      'environment: AWS_ACCESS_KEY_ID is not set, AWS_SECRET_ACCESS_KEY is not set',
      'web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set, AWS_ROLE_ARN is not set',
      expect.stringMatching(
        /^profile default: \S+\/\.aws\/credentials does not exist, \S+\/\.aws\/config does not exist$/,
      ),
      'container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set, AWS_CONTAINER_CREDENTIALS_FULL_URI is not set',
      'instance metadata: asked',
    ]);
  });

  test('no secret is shown', () => {
    const env = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'hunter2', AWS_PROFILE: 'work' };
    const sources = credentialSources({ ...env, AWS_EC2_METADATA_DISABLED: 'true' }, () => true).join('\n');
    expect(sources).toContain('AWS_SECRET_ACCESS_KEY is set');
    expect(sources).toContain('profile work: ');
    expect(sources).toContain('instance metadata: turned off by AWS_EC2_METADATA_DISABLED');
    expect(sources).not.toMatch(/AKIA|hunter2/);
  });
});
