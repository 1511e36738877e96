// What every AWS resource of a stack must comply with. Each policy lists what breaks it.
import { type Manifest, manifestOf, ofKind, type Policies } from '../workloads.ts';
import { type AwsResource, awsOf } from './resources.ts';

/** Types that cannot have tags, or are parts of what has them. */
const UNTAGGED: readonly string[] = [
  'ec2:Route',
  'ec2:SecurityGroupIngress',
  'ec2:SubnetRouteTableAssociation',
  'ec2:VpcGatewayAttachment',
  'kms:Alias',
  'cloudwatch:Dashboard',
  'logs:MetricFilter',
  'logs:QueryDefinition',
  'msk:BatchScramSecret',
  'msk:Configuration',
  'sqs:QueueInlinePolicy',
];

/** The tags of a resource; a launch template has them also for what is launched from it. */
function tagsOf({ inputs }: AwsResource): readonly Readonly<Record<string, string>>[] {
  const specified = [...(inputs.tagSpecifications ?? []), ...(inputs.launchTemplateData?.tagSpecifications ?? [])];
  const sets = specified.length === 0 ? [inputs.tags ?? []] : specified.map(({ tags }: Manifest) => tags);
  return sets.map((given) =>
    Array.isArray(given) ? Object.fromEntries(given.map(({ key, value }: Manifest) => [key, value])) : given,
  );
}

/** Whether they tell the stack, and are named after it. */
const namesStack = (resource: AwsResource, stack: string): boolean =>
  tagsOf(resource).every(
    ({ Name, project, stack: given }) => project === 'breakwater' && given === stack && Name?.startsWith(`${stack}-`),
  );

/** Whether a resource encrypts what it keeps with a key of the stack; by type. */
const ENCRYPTED: Readonly<Record<string, (inputs: Manifest) => unknown>> = {
  'eks:Cluster': ({ encryptionConfig }) => encryptionConfig?.[0]?.provider.keyArn,
  'ecr:Repository': ({ encryptionConfiguration }) => encryptionConfiguration?.kmsKey,
  'logs:LogGroup': ({ kmsKeyId }) => kmsKeyId,
  'sqs:Queue': ({ kmsMasterKeyId }) => kmsMasterKeyId,
  'elasticache:ReplicationGroup': ({ kmsKeyId, atRestEncryptionEnabled, transitEncryptionEnabled }) =>
    kmsKeyId && atRestEncryptionEnabled && transitEncryptionEnabled,
  'rds:DbCluster': ({ kmsKeyId, storageEncrypted, performanceInsightsKmsKeyId }) =>
    kmsKeyId && storageEncrypted && performanceInsightsKmsKeyId,
  'dynamodb:Table': ({ sseSpecification }) => sseSpecification?.kmsMasterKeyId,
  'msk:Cluster': ({ encryptionInfo }) =>
    encryptionInfo?.encryptionAtRest.dataVolumeKmsKeyId && encryptionInfo.encryptionInTransit.clientBroker === 'TLS',
  'secretsmanager:Secret': ({ kmsKeyId }) => kmsKeyId,
  'ec2:LaunchTemplate': ({ launchTemplateData }) =>
    launchTemplateData.blockDeviceMappings?.every(({ ebs }: Manifest) => ebs.encrypted),
};

/** Types that keep nothing. */
const KEEPS_NOTHING =
  /^(cloudwatch:|fis:|logs:(MetricFilter|QueryDefinition)|ec2:(?!LaunchTemplate)|iam:|kms:|eks:(Addon|AccessEntry|Nodegroup|PodIdentityAssociation)$|elasticache:(Parameter|Subnet)Group|rds:Db(ClusterParameterGroup|SubnetGroup|Instance)|msk:(BatchScramSecret|Configuration)|sqs:QueueInlinePolicy)/;

/**
 * Types that hold records or the keys to them, and the input by which AWS itself refuses to delete
 * them, where there is one.
 */
const HOLDS_RECORDS: Readonly<Record<string, string | undefined>> = {
  'dynamodb:Table': 'deletionProtectionEnabled',
  'eks:Cluster': 'deletionProtection',
  'kms:Key': undefined,
  'msk:Cluster': undefined,
  'rds:DbCluster': 'deletionProtection',
  'sqs:Queue': undefined,
};

/**
 * Why a statement has an action or a resource that is `*`, by role or key and statement.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export const STARS: Readonly<Record<string, string>> = {
  'key/Account': 'The resource of a key policy is the key itself. Without its account, the key could not be changed.',
  'key/Logs': 'The resource of a key policy is the key itself.',
  'aws-load-balancer-controller/Observe': 'EC2, load balancing and ACM list without resources.',
  'experiments/Find': 'EC2 describes without resources.',
  'cluster-autoscaler/Observe': 'Auto Scaling and EC2 describe without resources.',
};

interface Statement {
  readonly id: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

const list = (value: string | readonly string[] | undefined): readonly string[] => [value ?? []].flat();

/** Every statement that allows something, of roles, keys and resource policies. */
function statementsOf({ name, inputs }: AwsResource): readonly Statement[] {
  const documents = [
    inputs.keyPolicy,
    inputs.policyDocument,
    ...(inputs.policies ?? []).map(({ policyDocument }: Manifest) => policyDocument),
  ].filter(Boolean);
  return documents.flatMap(({ Statement: statements }) =>
    statements
      .filter(({ Effect }: Manifest) => Effect === 'Allow')
      .map(({ Sid, Action, Resource }: Manifest) => ({
        id: `${name}/${Sid}`,
        actions: list(Action),
        resources: list(Resource),
      })),
  );
}

/** Whether an ARN leaves service, region, account or all of the resource open. */
function isOpen(arn: string): boolean {
  const [, , service, region, account, ...resource] = arn.split(':');
  return (
    [service, region, account].some((part) => part === undefined || /[*?]/.test(part)) || /^[*?]/.test(resource[0]!)
  );
}

/** Whether a statement names actions by a pattern, or resources of any kind, region or account. */
const isStarred = ({ actions, resources }: Statement): boolean =>
  actions.some((action) => /[*?]/.test(action)) || resources.some(isOpen);

/** Why a role has a policy that AWS maintains, and what that one allows. */
export const MANAGED: Readonly<Record<string, string>> = {
  AmazonEKSClusterPolicy: 'EKS requires it: network interfaces, and load balancers of Services.',
  AmazonEKSWorkerNodePolicy: 'EKS requires it: nodes describe the cluster, instances and networks, and change nothing.',
  AmazonEC2ContainerRegistryPullOnly: 'Nodes pull images, and push none.',
  AmazonEKS_CNI_Policy: 'Gives pods addresses: network interfaces. Only the CNI has it, not the nodes.',
  'service-role/AmazonEBSCSIDriverPolicy': 'Creates and deletes volumes and snapshots with the tag of the driver only.',
  CloudWatchAgentServerPolicy:
    'Writes metrics, logs and traces of any name; reads tags, volumes and its own parameters.',
  'service-role/AmazonRDSEnhancedMonitoringRole': 'RDS requires it: writes to its own group of logs.',
  'service-role/AWSFaultInjectionSimulatorNetworkAccess':
    'Replaces the network ACL of a subnet, by copies that it tags.',
};

const managedOf = ({ inputs }: AwsResource): readonly string[] =>
  (inputs.managedPolicyArns ?? []).map((arn: string) => arn.replace('arn:aws:iam::aws:policy/', ''));

const isEveryone = (cidr: string | undefined): boolean => cidr?.endsWith('/0') ?? false;

const lines = (resources: readonly { readonly name: string; readonly type: string }[]) =>
  resources.map(({ type, name }) => `${type} ${name}`);

/** The policies, by what they require. */
export const awsPolicies: Policies = {
  'every resource has the tags of the project and of the stack': (declared) =>
    lines(
      awsOf(declared)
        .filter(({ type }) => !UNTAGGED.includes(type))
        .filter((resource) => !namesStack(resource, awsOf(declared, 'eks:Cluster')[0]!.inputs.name)),
    ),
  'what is kept is encrypted': (declared) => [
    ...lines(
      awsOf(declared)
        .filter(({ type }) => !KEEPS_NOTHING.test(type))
        .filter(({ type, inputs }) => !ENCRYPTED[type]?.(inputs)),
    ),
    ...ofKind(declared, 'StorageClass')
      .filter((resource) => manifestOf(resource).parameters.encrypted !== 'true')
      .map(({ name }) => `StorageClass ${name}`),
  ],
  'nothing but the load balancer is open to the internet': (declared) => [
    ...lines(awsOf(declared, 'ec2:Subnet').filter(({ inputs }) => inputs.mapPublicIpOnLaunch !== false)),
    ...lines(
      awsOf(declared, 'ec2:SecurityGroup').filter(({ inputs }) =>
        (inputs.securityGroupIngress ?? []).some(
          ({ cidrIp, cidrIpv6 }: Manifest) => isEveryone(cidrIp) || cidrIpv6 !== undefined,
        ),
      ),
    ),
    ...lines(awsOf(declared, 'ec2:SecurityGroupIngress').filter(({ inputs }) => isEveryone(inputs.cidrIp))),
    ...lines(
      awsOf(declared, 'eks:Cluster').filter(({ inputs: { resourcesVpcConfig } }) => {
        const { endpointPublicAccess, publicAccessCidrs = ['0.0.0.0/0'] } = resourcesVpcConfig;
        return endpointPublicAccess && publicAccessCidrs.some(isEveryone);
      }),
    ),
    ...lines(awsOf(declared, 'rds:DbInstance').filter(({ inputs }) => inputs.publiclyAccessible !== false)),
  ],
  'no statement allows any action or any resource without a reason': (declared) =>
    awsOf(declared)
      .flatMap(statementsOf)
      .filter((statement) => isStarred(statement) && !STARS[statement.id])
      .map(({ id }) => id),
  'no role has a policy of AWS without a reason': (declared) =>
    lines(awsOf(declared, 'iam:Role').filter((role) => managedOf(role).some((policy) => !MANAGED[policy]))),
  'nodes give their credentials to no pod': (declared) =>
    lines(
      awsOf(declared, 'ec2:LaunchTemplate').filter(({ inputs: { launchTemplateData } }) => {
        const { httpTokens, httpPutResponseHopLimit } = launchTemplateData.metadataOptions ?? {};
        return httpTokens !== 'required' || httpPutResponseHopLimit !== 1;
      }),
    ),
  'the autoscaler alone sets the size of a node group': (declared) =>
    lines(
      awsOf(declared, 'eks:Nodegroup').filter(
        ({ options }) => !(options.ignoreChanges as string[] | undefined)?.includes('scalingConfig.desiredSize'),
      ),
    ),
};

/** What production must comply with besides. */
export const productionPolicies: Policies = {
  'what holds records is protected': (declared) =>
    lines(
      awsOf(declared, ...Object.keys(HOLDS_RECORDS)).filter(({ type, inputs, options }) => {
        const own = HOLDS_RECORDS[type];
        return !options.protect || (own !== undefined && inputs[own] !== true);
      }),
    ),
};

/** Policies of AWS that roles have. */
export const attachedTo = (declared: Parameters<Policies[string]>[0]): ReadonlySet<string> =>
  new Set(awsOf(declared, 'iam:Role').flatMap(managedOf));

/** Statements with a reason; each must exist. */
export const starredOf = (declared: Parameters<Policies[string]>[0]): readonly string[] =>
  awsOf(declared)
    .flatMap(statementsOf)
    .filter(isStarred)
    .map(({ id }) => id);
