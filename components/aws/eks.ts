// The Kubernetes cluster: EKS with access entries and Pod Identity, one managed node group for each
// zone, and the add-ons that AWS maintains.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import { platformOfInstance, SERVICE_CIDR } from '../../config/aws-rules.ts';
import type { StackConfig } from '../../config/schema.ts';
import { createLogGroup } from './log-group.ts';
import type { Network } from './network.ts';
import { NODE_VOLUME_GIB, type Place, tagMap, tags } from './place.ts';
import { createRole } from './roles.ts';

/** Arguments of Eks. */
export interface EksArgs {
  readonly place: Place;
  readonly config: StackConfig['aws'];
  readonly network: Network;
  readonly key: aws.kms.Key;
}

/** An add-on that AWS maintains. */
interface AddOn {
  readonly name: string;
  /** Whether it runs before there are nodes, which need it to join. */
  readonly first?: true;
  /** @default the one that EKS recommends for the version of Kubernetes */
  readonly version?: string;
  /** Settings by its own names. */
  readonly settings?: object;
  /**
   * Service account that gets a role through Pod Identity, and the policy that AWS maintains for
   * it.
   */
  readonly identity?: { readonly account: string; readonly policy: string };
}

const addOns: readonly AddOn[] = [
  { name: 'kube-proxy', first: true },
  { name: 'eks-pod-identity-agent', first: true },
  {
    name: 'vpc-cni',
    first: true,
    // Enforces network policies, and gives each node addresses for about 110 pods.
    settings: { enableNetworkPolicy: 'true', env: { ENABLE_PREFIX_DELEGATION: 'true' } },
    identity: { account: 'aws-node', policy: 'AmazonEKS_CNI_Policy' },
  },
  { name: 'coredns' },
  { name: 'metrics-server' },
  {
    name: 'aws-ebs-csi-driver',
    identity: { account: 'ebs-csi-controller-sa', policy: 'service-role/AmazonEBSCSIDriverPolicy' },
  },
  {
    // Fluent Bit and the CloudWatch agent: logs, and the metrics of Container Insights.
    name: 'amazon-cloudwatch-observability',
    version: 'v6.4.0-eksbuild.1',
    // Named alone, Container Insights comes without Application Signals, which would change every pod
    // and is billed.
    settings: {
      agent: { config: { logs: { metrics_collected: { kubernetes: { enhanced_container_insights: true } } } } },
    },
    identity: { account: 'cloudwatch-agent', policy: 'CloudWatchAgentServerPolicy' },
  },
];

/** The cluster. Its name is that of the stack. */
export class Eks extends pulumi.ComponentResource {
  readonly cluster: aws.eks.Cluster;
  /** What must be there before anything runs in the cluster. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: EksArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Eks', name, {}, opts);
    const { place, config, network, key } = args;
    const child = { parent: this };
    const role = createRole(
      `${name}-cluster`,
      { place, service: 'eks', description: 'The control plane of EKS', managed: ['AmazonEKSClusterPolicy'] },
      child,
    );
    const apiCidrs = config.apiCidrs?.split(',');
    const logs = createLogGroup(name, `/aws/eks/${place.name}/cluster`, args, child);
    this.cluster = new aws.eks.Cluster(
      name,
      {
        name: place.name,
        version: config.kubernetesVersion,
        roleArn: role.arn,
        accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
        // The add-ons below take their place.
        bootstrapSelfManagedAddons: false,
        deletionProtection: place.protect,
        encryptionConfig: [{ provider: { keyArn: key.arn }, resources: ['secrets'] }],
        kubernetesNetworkConfig: { serviceIpv4Cidr: SERVICE_CIDR },
        logging: {
          clusterLogging: { enabledTypes: ['api', 'audit', 'authenticator'].map((type) => ({ type: type as 'api' })) },
        },
        resourcesVpcConfig: {
          subnetIds: [...network.privateSubnets],
          endpointPrivateAccess: true,
          endpointPublicAccess: !config.privateApi,
          ...(!config.privateApi && apiCidrs && { publicAccessCidrs: apiCidrs }),
        },
        upgradePolicy: { supportType: 'STANDARD' },
        tags: tags(place, 'cluster'),
      },
      { ...child, protect: place.protect, dependsOn: [logs, ...network.routes] },
    );
    for (const principalArn of new Set(config.admins?.split(','))) {
      const principal = principalArn.slice('arn:aws:iam::'.length);
      new aws.eks.AccessEntry(
        `${name}-admin-${principal}`,
        {
          clusterName: place.name,
          principalArn,
          accessPolicies: [
            {
              policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
              accessScope: { type: 'cluster' },
            },
          ],
          tags: tags(place, `admin-${principal}`),
        },
        { ...child, dependsOn: this.cluster },
      );
    }
    // The security group of the API, which is that of the nodes, admits only them.
    const admitted = (config.privateApi ? (apiCidrs ?? [config.cidr]) : []).map(
      (cidrIp) =>
        new aws.ec2.SecurityGroupIngress(
          `${name}-api-${cidrIp}`,
          {
            groupId: this.cluster.clusterSecurityGroupId,
            ipProtocol: 'tcp',
            fromPort: 443,
            toPort: 443,
            cidrIp,
            description: 'The Kubernetes API',
          },
          child,
        ),
    );
    const first = addOns.filter((addOn) => addOn.first).map((addOn) => this.#addOn(addOn, place, [this.cluster]));
    const nodes = this.#nodeGroups(args, first);
    const rest = addOns.filter((addOn) => !addOn.first).map((addOn) => this.#addOn(addOn, place, nodes));
    this.ready = [...admitted, ...first, ...nodes, ...rest];
    this.registerOutputs({ arn: this.cluster.arn });
  }

  #addOn({ name, version, settings, identity }: AddOn, place: Place, after: readonly pulumi.Resource[]): aws.eks.Addon {
    const role =
      identity &&
      createRole(
        `eks-${name}`,
        { place, service: 'pods.eks', description: `The add-on ${name}`, managed: [identity.policy] },
        { parent: this },
      );
    return new aws.eks.Addon(
      name,
      {
        addonName: name,
        clusterName: place.name,
        resolveConflicts: 'OVERWRITE',
        ...(version !== undefined && { addonVersion: version }),
        ...(settings && { configurationValues: JSON.stringify(settings) }),
        ...(identity && role && { podIdentityAssociations: [{ serviceAccount: identity.account, roleArn: role.arn }] }),
        tags: tags(place, name),
      },
      { parent: this, dependsOn: [...after] },
    );
  }

  #nodeGroups({ place, config, network }: EksArgs, after: readonly pulumi.Resource[]): readonly aws.eks.Nodegroup[] {
    const child = { parent: this };
    const role = createRole(
      'eks-node',
      {
        place,
        service: 'ec2',
        description: 'The nodes of EKS',
        managed: ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly'],
      },
      child,
    );
    const template = new aws.ec2.LaunchTemplate(
      'eks-node',
      {
        launchTemplateName: `${place.name}-node`,
        launchTemplateData: {
          // Pods do not reach the credentials of their node: they have Pod Identity.
          metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
          blockDeviceMappings: [
            {
              deviceName: '/dev/xvda',
              ebs: { volumeType: 'gp3', volumeSize: NODE_VOLUME_GIB, encrypted: true, deleteOnTermination: true },
            },
          ],
          tagSpecifications: ['instance', 'volume'].map((resourceType) => ({
            resourceType,
            tags: tags(place, 'node'),
          })),
        },
        tagSpecifications: [{ resourceType: 'launch-template', tags: tags(place, 'node') }],
      },
      child,
    );
    const arm = platformOfInstance(config.instanceType) === 'linux/arm64';
    return config.zones.split(',').map(
      (letter, index) =>
        new aws.eks.Nodegroup(
          // EKS names the group: a new one takes the pods before the old one is deleted.
          `eks-${letter}`,
          {
            clusterName: place.name,
            // The autoscaler needs one group for each zone: a volume does not leave its zone.
            subnets: [network.privateSubnets[index]!],
            nodeRole: role.arn,
            version: config.kubernetesVersion,
            instanceTypes: [config.instanceType],
            amiType: arm ? 'AL2023_ARM_64_STANDARD' : 'AL2023_x86_64_STANDARD',
            launchTemplate: { id: template.launchTemplateId, version: template.latestVersionNumber },
            scalingConfig: {
              minSize: config.minNodesPerZone,
              maxSize: config.maxNodesPerZone,
              desiredSize: config.minNodesPerZone,
            },
            updateConfig: { maxUnavailable: 1 },
            nodeRepairConfig: { enabled: true },
            tags: tagMap(place, `node-${letter}`),
          },
          // The autoscaler sets the size.
          { ...child, dependsOn: [...after, ...network.routes], ignoreChanges: ['scalingConfig.desiredSize'] },
        ),
    );
  }
}
