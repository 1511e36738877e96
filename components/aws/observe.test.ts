// The checks before a stack on AWS is created, and their messages.
import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_CIDR } from '../../config/aws-rules.ts';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { type Answer, failed, fakeRun, inEmptyFolder, linesOf } from '../cluster/cluster.testing.ts';
import { awsProblems, credentialSources, observeAws } from './observe.ts';

const configWith = (more: RawConfig = {}) =>
  parseStackConfig({
    'cluster:kind': 'eks',
    'cluster:ingressClass': 'alb',
    'aws:region': 'eu-west-1',
    'images:platform': 'linux/arm64',
    ...more,
  });
const config = configWith();

const everything: Record<string, Answer> = {
  'aws sts get-caller-identity': '123456789012\n',
  'aws ec2 describe-availability-zones': 'eu-west-1a\teuw1-az1\neu-west-1b\teuw1-az2\neu-west-1c\teuw1-az3\n',
  'aws ec2 describe-instance-type-offerings': 'eu-west-1a\teu-west-1b\teu-west-1c\n',
  'aws eks describe-cluster-versions': '1.35\t1.34\n',
};
const look = async (answers: Record<string, Answer>, wanted = config) => ({
  ...(await observeAws(fakeRun(answers).run, wanted, true)),
  installed: true,
});
const problems = async (answers: Record<string, Answer>, wanted = config) =>
  awsProblems(await look(answers, wanted), wanted);

inEmptyFolder();

test('nothing is in the way', async () => {
  expect(await problems(everything)).toEqual([]);
});

test('the package is missing', async () => {
  const facts = await observeAws(fakeRun(everything).run, config, true);
  expect(awsProblems(facts, config)).toEqual(['the AWS package is not installed: run npm ci --prefix components/aws']);
});

test('without the CLI, AWS is not asked', async () => {
  expect(await observeAws(fakeRun({}).run, config, false)).toEqual({ installed: false });
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
      'aws ec2 describe-availability-zones': 'eu-west-1a euw1-az1 eu-west-1b euw1-az2',
      'aws ec2 describe-instance-type-offerings': 'eu-west-1a',
    }),
  ).toEqual([
    'the account has no zone eu-west-1c (aws:zones): it has eu-west-1a, eu-west-1b',
    'm7g.large (aws:instanceType) is not offered in eu-west-1b, eu-west-1c: choose other zones of eu-west-1a, or another type',
  ]);
});

test('a region that the account has not enabled', async () => {
  const invalid = failed(
    'An error occurred (InvalidClientTokenId): The security token included in the request is invalid',
  );
  expect(
    await problems({
      'aws sts get-caller-identity': '1',
      'aws sts get-caller-identity --region eu-west-1': invalid,
    }),
  ).toEqual([
    'the account has not enabled the region eu-west-1 (aws:region): enable it with aws account enable-region --region-name eu-west-1, or choose another',
  ]);
});

test('a region that does not answer is not taken for one that is not enabled', async () => {
  const answers = {
    'aws sts get-caller-identity': '1',
    'aws sts get-caller-identity --region eu-west-1': failed('Connect timeout on endpoint URL'),
  };
  expect(await problems(answers)).toEqual([expect.stringMatching(/^AWS accepts no credentials \(Connect timeout/)]);
});

test('a zone where EKS does not run', async () => {
  const zones = 'us-east-1a use1-az1 us-east-1b use1-az2 us-east-1e use1-az3';
  const answers = {
    ...everything,
    'aws ec2 describe-availability-zones': zones,
    'aws ec2 describe-instance-type-offerings': 'us-east-1a us-east-1b us-east-1e',
  };
  expect(await problems(answers, configWith({ 'aws:region': 'us-east-1', 'aws:zones': 'a,b,e' }))).toEqual([
    'EKS does not run in us-east-1e (aws:zones), which is use1-az3: choose another zone',
  ]);
});

const unknown = configWith({
  'aws:instanceType': 'm99g.large',
  'aws:kubernetesVersion': '1.99',
  'redis:managed': true,
  'aws:cacheNodeType': 'cache.z9.nano',
  'kafka:managed': true,
  'aws:brokerType': 'kafka.m7g.large',
  'store:kind': 'mysql',
  'aws:databaseType': 'db.z9.nano',
});

test('types and a version that AWS does not know are all named', async () => {
  const answers = {
    ...everything,
    'aws ec2 describe-instance-type-offerings --filters=Name=instance-type,Values=m99g.large': '\n',
    'aws ec2 describe-instance-type-offerings --filters=Name=instance-type,Values=z9.nano,m7g.large': 'm7g.large\n',
    'aws rds describe-orderable-db-instance-options': '\n',
  };
  expect(await problems(answers, unknown)).toEqual([
    'AWS offers no m99g.large (aws:instanceType) in eu-west-1: choose another type',
    'EKS does not support Kubernetes 1.99 (aws:kubernetesVersion): it supports 1.35, 1.34',
    'AWS offers no cache.z9.nano (aws:cacheNodeType) in eu-west-1: choose another type',
    expect.stringMatching(
      /^Aurora MySQL \S+ does not run on db\.z9\.nano \(aws:databaseType\) in eu-west-1: choose another type$/,
    ),
  ]);
});

test('a service that refuses the type', async () => {
  const refused = failed('An error occurred (InvalidParameterValue): Invalid DB Instance class: db.z9.nano');
  const answers = { ...everything, 'aws rds describe-orderable-db-instance-options': refused };
  const wanted = configWith({ 'store:kind': 'mysql', 'aws:databaseType': 'db.z9.nano' });
  expect(await problems(answers, wanted)).toEqual([expect.stringContaining('does not run on db.z9.nano')]);
});

test('a user who may not list anything is not stopped', async () => {
  expect(await problems({ aws: failed('AccessDenied'), 'aws sts get-caller-identity': '1' }, unknown)).toEqual([]);
});

test('the example of who may reach the API is not taken for an answer', async () => {
  expect(await problems(everything, configWith({ 'aws:apiCidrs': EXAMPLE_CIDR }))).toEqual([
    'aws:apiCidrs is 203.0.113.0/24, an example: name the networks that may reach the Kubernetes API, such as yours: pulumi config set aws:apiCidrs ADDRESS/32',
  ]);
});

test('an emulator is not asked what AWS offers', async () => {
  const { run, calls } = fakeRun({ ...everything, 'aws eks': '\n', 'aws rds': '\n' });
  await observeAws(
    run,
    configWith({ 'cluster:context': 'k3d-x', 'cluster:registry': 'localhost:5000', 'store:kind': 'mysql' }),
    true,
  );
  expect(linesOf(calls)).toEqual([
    'aws sts get-caller-identity --region eu-west-1 --output text',
    expect.stringContaining('aws ec2 describe-availability-zones '),
  ]);
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
