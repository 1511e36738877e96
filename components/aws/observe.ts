// What there is for a stack on AWS: the package, credentials, and what the account offers in the
// region.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { StackConfig } from '../../config/schema.ts';
import { CommandError, type Run } from '../../tooling/run.ts';

/** What AWS said, or why it said nothing. */
export type AwsAnswer =
  | {
      /** Zones of the region that the account may use. */
      readonly zones: readonly string[];
      /** Those that have the instance type of `aws:instanceType`. */
      readonly zonesWithInstances: readonly string[];
    }
  | { readonly refused: string; readonly credentials: readonly string[] };

/** What was found for `cluster:kind eks`. */
export interface AwsFacts {
  /** Whether the package of components/aws is installed. */
  readonly installed: boolean;
  /** Absent without the AWS CLI. */
  readonly answer?: AwsAnswer;
}

const PACKAGE = 'components/aws/node_modules/@pulumi/aws-native/package.json';

/**
 * Where credentials are looked for, in the order of the AWS SDKs, and whether something is there.
 *
 * @param exists whether there is a file
 */
export function credentialSources(
  env: NodeJS.ProcessEnv,
  exists: (path: string) => boolean = existsSync,
): readonly string[] {
  const state = (name: string) => `${name} ${env[name] ? 'is set' : 'is not set'}`;
  const file = (variable: string, name: string) => {
    const path = env[variable] ?? join(homedir(), '.aws', name);
    return `${path} ${exists(path) ? 'exists' : 'does not exist'}`;
  };
  const profile = env.AWS_PROFILE ?? 'default';
  return [
    `environment: ${state('AWS_ACCESS_KEY_ID')}, ${state('AWS_SECRET_ACCESS_KEY')}`,
    `web identity: ${state('AWS_WEB_IDENTITY_TOKEN_FILE')}, ${state('AWS_ROLE_ARN')}`,
    `profile ${profile}: ${file('AWS_SHARED_CREDENTIALS_FILE', 'credentials')}, ${file('AWS_CONFIG_FILE', 'config')}`,
    `container: ${state('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')}, ${state('AWS_CONTAINER_CREDENTIALS_FULL_URI')}`,
    env.AWS_EC2_METADATA_DISABLED === 'true'
      ? 'instance metadata: turned off by AWS_EC2_METADATA_DISABLED'
      : 'instance metadata: asked',
  ];
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

async function ask(run: Run, { region, instanceType }: StackConfig['aws']): Promise<AwsAnswer> {
  const aws = (...args: string[]) => run('aws', [...args, '--region', region!, '--output', 'text']);
  try {
    await aws('sts', 'get-caller-identity');
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { refused: error.reason || 'no answer', credentials: credentialSources(process.env) };
  }
  // A user who may not ask gets the refusal of EKS later instead.
  const listed = (...args: string[]) => aws('ec2', ...args).then(words, () => []);
  const [zones, zonesWithInstances] = await Promise.all([
    listed('describe-availability-zones', '--query', 'AvailabilityZones[].ZoneName'),
    listed(
      'describe-instance-type-offerings',
      '--location-type=availability-zone',
      `--filters=Name=instance-type,Values=${instanceType}`,
      '--query=InstanceTypeOfferings[].Location',
    ),
  ]);
  return { zones, zonesWithInstances };
}

/** Looks for the package and asks AWS. @param cli whether the AWS CLI is there */
export async function observeAws(run: Run, config: StackConfig['aws'], cli: boolean): Promise<AwsFacts> {
  return { installed: existsSync(resolve(PACKAGE)), ...(cli && { answer: await ask(run, config) }) };
}

/** Every problem, each with what to do. */
export function awsProblems({ installed, answer }: AwsFacts, config: StackConfig['aws']): readonly string[] {
  const { region, instanceType } = config;
  const missing = installed ? [] : ['the AWS package is not installed: run npm ci --prefix components/aws'];
  if (answer === undefined) return missing;
  if ('refused' in answer)
    return [
      ...missing,
      `AWS accepts no credentials (${answer.refused}): run aws configure or aws sso login. Looked for:\n${answer.credentials.map((line) => `    - ${line}`).join('\n')}`,
    ];
  const wanted = config.zones.split(',').map((letter) => `${region}${letter}`);
  const lacking = (zones: readonly string[]) =>
    zones.length === 0 ? [] : wanted.filter((zone) => !zones.includes(zone));
  const { zones, zonesWithInstances } = answer;
  const [absent, without] = [lacking(zones), lacking(zonesWithInstances)];
  return [
    ...missing,
    ...(absent.length === 0
      ? []
      : [`the account has no zone ${absent.join(', ')} (aws:zones): it has ${zones.join(', ')}`]),
    ...(without.length === 0
      ? []
      : [
          `${instanceType} (aws:instanceType) is not offered in ${without.join(', ')}: choose other zones of ${zonesWithInstances.join(', ')}, or another type`,
        ]),
  ];
}
