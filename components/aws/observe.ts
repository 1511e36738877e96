// What there is for a stack on AWS: the package, credentials, and what the account offers in the
// region.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXAMPLE_CIDR } from '../../config/aws-rules.ts';
import { type ManagedConfig, managedServices } from '../../config/managed.ts';
import type { StackConfig } from '../../config/schema.ts';
import { CommandError, type Run } from '../../tooling/run.ts';
import { AURORA } from './place.ts';

/** What AWS offers in the region; undefined where the user may not ask, or an emulator answers. */
export interface Offers {
  /** Zones that the account may use: their names, and their ids, which all accounts share. */
  readonly zones: readonly (readonly [name: string, id: string])[] | undefined;
  /** Those that have the instance type of `aws:instanceType`. */
  readonly zonesWithInstances: readonly string[] | undefined;
  /** Versions of Kubernetes with standard support. */
  readonly kubernetesVersions: readonly string[] | undefined;
  /** Of the instance types that cache and brokers are made of, those that there are. */
  readonly serverTypes: readonly string[] | undefined;
  /** `aws:databaseType`, if Aurora has it. */
  readonly databaseTypes: readonly string[] | undefined;
}

/** What AWS said, or why it said nothing. */
export type AwsAnswer =
  | Offers
  | { readonly refused: string; readonly credentials: readonly string[] }
  /** The credentials are accepted elsewhere: the account has not enabled the region. */
  | { readonly enabled: false };

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

/** A region that every account has. */
const ALWAYS_ENABLED = 'us-east-1';

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

/**
 * The EC2 instance types by which ElastiCache and MSK name theirs: neither lists its own. By config
 * key.
 */
function serverTypes(config: ManagedConfig) {
  const has = managedServices(config);
  const keys = [
    ...(has.has('redis') ? ['cacheNodeType' as const] : []),
    ...(has.has('kafka') ? ['brokerType' as const] : []),
  ];
  return keys.map((key) => [key, config.aws[key].replace(/^(cache|kafka)\./, '')] as const);
}

async function ask(run: Run, config: ManagedConfig): Promise<AwsAnswer> {
  const { region, instanceType, databaseType } = config.aws;
  const aws = (...args: string[]) => run('aws', [...args, '--region', region!, '--output', 'text']);
  const identity = ['sts', 'get-caller-identity'] as const;
  try {
    await aws(...identity);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const refused = { refused: error.reason || 'no answer', credentials: credentialSources(process.env) };
    // What a region answers that the account has not enabled, whatever the credentials.
    if (!error.reason.includes('InvalidClientTokenId')) return refused;
    return run('aws', [...identity, '--region', ALWAYS_ENABLED]).then(
      () => ({ enabled: false }),
      () => refused,
    );
  }
  // A user who may not ask gets the refusal of the service later instead.
  const list = (...args: string[]) =>
    aws(...args).then(words, (error: unknown) =>
      error instanceof CommandError && error.reason.includes('InvalidParameter') ? [] : undefined,
    );
  // With `cluster:context`, an emulator takes the place of AWS, and offers other things.
  const listOnAws = async (...args: string[]) => (config.cluster.context === undefined ? list(...args) : undefined);
  const servers = serverTypes(config).map(([, type]) => type);
  const offerings = (type: string) => [
    'ec2',
    'describe-instance-type-offerings',
    `--filters=Name=instance-type,Values=${type}`,
  ];
  const [zones, zonesWithInstances, kubernetesVersions, ec2Types, databaseTypes] = await Promise.all([
    list('ec2', 'describe-availability-zones', '--query=AvailabilityZones[].[ZoneName,ZoneId]'),
    listOnAws(
      ...offerings(instanceType),
      '--location-type=availability-zone',
      '--query=InstanceTypeOfferings[].Location',
    ),
    listOnAws(
      'eks',
      'describe-cluster-versions',
      '--version-status=STANDARD_SUPPORT',
      '--query=clusterVersions[].clusterVersion',
    ),
    servers.length === 0
      ? undefined
      : listOnAws(...offerings(servers.join(',')), '--query=InstanceTypeOfferings[].InstanceType'),
    managedServices(config).has('mysql')
      ? listOnAws(
          'rds',
          'describe-orderable-db-instance-options',
          `--engine=${AURORA.engine}`,
          `--engine-version=${AURORA.version}`,
          `--db-instance-class=${databaseType}`,
          '--query=OrderableDBInstanceOptions[].DBInstanceClass',
        )
      : undefined,
  ]);
  const pairs = zones?.flatMap((name, index) => (index % 2 === 0 ? [[name, zones[index + 1]!] as const] : []));
  return { zones: pairs, zonesWithInstances, kubernetesVersions, serverTypes: ec2Types, databaseTypes };
}

/** Looks for the package and asks AWS. @param cli whether the AWS CLI is there */
export async function observeAws(run: Run, config: ManagedConfig, cli: boolean): Promise<AwsFacts> {
  return { installed: existsSync(resolve(PACKAGE)), ...(cli && { answer: await ask(run, config) }) };
}

/** Zones in which EKS has no control plane, by their ids. */
const WITHOUT_EKS: readonly string[] = ['cac1-az3', 'use1-az3', 'usw1-az2'];

const problemIf = (isWrong: boolean | undefined, problem: () => string): readonly string[] =>
  isWrong ? [problem()] : [];

function zoneProblems({ zones, zonesWithInstances }: Offers, config: StackConfig['aws']): readonly string[] {
  const { region, instanceType } = config;
  const wanted = config.zones.split(',').map((letter) => `${region}${letter}`);
  const names = zones?.map(([name]) => name);
  const lacking = (offered: readonly string[] = wanted) => wanted.filter((zone) => !offered.includes(zone));
  const [absent, without] = [lacking(names), lacking(zonesWithInstances)];
  const withoutEks = zones?.filter(([name, id]) => wanted.includes(name) && WITHOUT_EKS.includes(id)) ?? [];
  return [
    ...problemIf(
      absent.length > 0,
      () => `the account has no zone ${absent.join(', ')} (aws:zones): it has ${names!.join(', ')}`,
    ),
    ...withoutEks.map(([name, id]) => `EKS does not run in ${name} (aws:zones), which is ${id}: choose another zone`),
    ...problemIf(
      zonesWithInstances?.length === 0,
      () => `AWS offers no ${instanceType} (aws:instanceType) in ${region}: choose another type`,
    ),
    ...problemIf(
      without.length > 0 && zonesWithInstances!.length > 0,
      () =>
        `${instanceType} (aws:instanceType) is not offered in ${without.join(', ')}: choose other zones of ${zonesWithInstances!.join(', ')}, or another type`,
    ),
  ];
}

function offerProblems(offers: Offers, config: ManagedConfig): readonly string[] {
  const { region, kubernetesVersion, databaseType } = config.aws;
  const { kubernetesVersions, databaseTypes } = offers;
  return [
    ...zoneProblems(offers, config.aws),
    ...problemIf(
      kubernetesVersions?.includes(kubernetesVersion) === false,
      () =>
        `EKS does not support Kubernetes ${kubernetesVersion} (aws:kubernetesVersion): it supports ${kubernetesVersions!.join(', ')}`,
    ),
    ...serverTypes(config).flatMap(([key, type]) =>
      problemIf(
        offers.serverTypes?.includes(type) === false,
        () => `AWS offers no ${config.aws[key]} (aws:${key}) in ${region}: choose another type`,
      ),
    ),
    ...problemIf(
      databaseTypes?.length === 0,
      () =>
        `Aurora MySQL ${AURORA.version} does not run on ${databaseType} (aws:databaseType) in ${region}: choose another type`,
    ),
  ];
}

/** Every problem, each with what to do. */
export function awsProblems({ installed, answer }: AwsFacts, config: ManagedConfig): readonly string[] {
  const missing = installed ? [] : ['the AWS package is not installed: run npm ci --prefix components/aws'];
  if (answer === undefined) return missing;
  if ('refused' in answer)
    return [
      ...missing,
      `AWS accepts no credentials (${answer.refused}): run aws configure or aws sso login. Looked for:\n${answer.credentials.map((line) => `    - ${line}`).join('\n')}`,
    ];
  if ('enabled' in answer)
    return [
      ...missing,
      `the account has not enabled the region ${config.aws.region} (aws:region): enable it with aws account enable-region --region-name ${config.aws.region}, or choose another`,
    ];
  return [
    ...missing,
    ...offerProblems(answer, config),
    ...problemIf(
      config.aws.apiCidrs === EXAMPLE_CIDR && config.cluster.context === undefined,
      () =>
        `aws:apiCidrs is ${EXAMPLE_CIDR}, an example: name the networks that may reach the Kubernetes API, such as yours: pulumi config set aws:apiCidrs ADDRESS/32`,
    ),
  ];
}
