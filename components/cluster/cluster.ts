// Cluster: where the stack runs, which is a k3d cluster of its own on this machine, an existing
// cluster, or an EKS cluster of its own on AWS.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Addresses } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';
import { brokerNodePorts } from '../../config/servers.ts';
import { officialImage } from '../images/official-images.ts';
import type { ManagedLogins } from '../kubernetes/credentials.ts';
import type { Labels } from '../kubernetes/labels.ts';
import { type K3dInputs, registryOf } from './k3d-config.ts';
import { clusterNameOf, contextOf, STORAGE_LABEL } from './names.ts';
import { HostSysctls, K3dCluster, NodeSysctls } from './resources.ts';
import { classifySysctls, sysctlNotices } from './sysctls.ts';
import { kubeconfigWith, readOnThisMachine } from './this-machine.ts';

/** Arguments of Cluster. */
export interface ClusterArgs {
  /** Name of the stack; a k3d cluster is named after it. */
  readonly stack: string;
  readonly config: StackConfig;
}

/** What a k3d cluster is made from, from the stack's config. */
function k3dInputs({ stack, config }: ClusterArgs): K3dInputs {
  const { cluster, images, api } = config;
  const { servers, agents, hostAddress, httpPort, nodePortHostPort, apiPort, registryPort } = cluster;
  const brokerPorts = brokerNodePorts(config);
  return {
    name: clusterNameOf(stack),
    stack,
    servers,
    agents,
    image: officialImage('k3s', images),
    registryImage: officialImage('registry', images),
    ...(images.mirror !== undefined && { mirror: images.mirror }),
    ...(images.cache && { cacheImage: officialImage('image-cache', images) }),
    hostAddress,
    httpPort,
    nodePortHostPort,
    nodePort: api.nodePort,
    ...(brokerPorts.length > 0 && { brokerPorts }),
    apiPort,
    registryPort,
  };
}

/** The cluster that the stack runs in. */
export class Cluster extends pulumi.ComponentResource {
  /** Name of the cluster, or the context of an existing cluster. */
  readonly name: string;
  /** Creates resources in this cluster and in no other. */
  readonly provider: k8s.Provider;
  /** Path of the kubeconfig; absolute for a cluster of the stack's own. */
  readonly kubeconfigPath: pulumi.Output<string>;
  /** Context in that kubeconfig. */
  readonly context: pulumi.Output<string>;
  /** Where images are pushed to and pulled from: one name on this machine and in the cluster. */
  readonly registry: pulumi.Output<string>;
  /**
   * Changes with each cluster that is created, even under the same name: images must then be pushed
   * again.
   */
  readonly identity: pulumi.Output<string>;
  /**
   * Addresses of the servers that AWS runs for the stack; those of the others are the cluster's.
   */
  readonly managedAddresses: pulumi.Output<Partial<Addresses>>;
  /** What clients log in to them with. */
  readonly managedLogins: ManagedLogins = {};
  /** Label of the nodes that pods with volumes run on. Undefined: on any. */
  readonly storageNodes: Labels | undefined = undefined;
  /**
   * For `deletedWith` of everything in a k3d cluster, so that a destroy does not take it down piece
   * by piece. It is the provider and not the cluster: when the cluster is replaced, Pulumi stops
   * the old provider before it deletes what that created (pulumi#14650), and only resources that
   * are `deletedWith` the provider are spared. Undefined elsewhere: an existing cluster stays, and
   * on AWS, load balancers and volumes would.
   */
  readonly resource: pulumi.Resource | undefined;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:cluster:Cluster', name, {}, opts);
    const config = args.config.cluster;
    for (const { severity, message } of sysctlNotices(config, readOnThisMachine))
      void (severity === 'warning' ? pulumi.log.warn(message, this) : pulumi.log.info(message, this));

    if (config.kind === 'k3d') {
      const cluster = this.makeK3d(name, args);
      this.name = clusterNameOf(args.stack);
      this.kubeconfigPath = cluster.kubeconfigPath;
      this.context = pulumi.output(contextOf(this.name));
      // Known once the registry exists.
      this.registry = cluster.identity.apply(() => registryOf(config.registryPort));
      this.identity = cluster.identity;
      this.storageNodes = { [STORAGE_LABEL]: 'true' };
    } else if (config.kind === 'eks') {
      // Loaded here: only users of AWS install its package.
      const { AwsCluster } = require('../aws/aws-cluster.ts') as typeof import('../aws/aws-cluster.ts');
      const cluster = new AwsCluster(name, args, { parent: this });
      this.name = cluster.name;
      this.kubeconfigPath = cluster.kubeconfigPath;
      this.context = pulumi.output(cluster.context);
      this.registry = cluster.registry;
      this.identity = cluster.identity;
      this.provider = cluster.provider;
      this.managedAddresses = cluster.managed.addresses;
      this.managedLogins = cluster.managed.logins;
    } else {
      this.name = config.context!;
      this.kubeconfigPath = pulumi.output(kubeconfigWith(config.context!));
      this.context = pulumi.output(config.context!);
      this.registry = pulumi.output(config.registry!);
      this.identity = this.context;
    }

    this.managedAddresses ??= pulumi.output({});
    this.provider ??= new k8s.Provider(
      name,
      {
        // One file: the provider does not read KUBECONFIG as the list that it may be.
        kubeconfig: this.kubeconfigPath,
        context: this.context,
        // Everything is replaced with another cluster, but not with another port or certificate.
        clusterIdentifier: this.identity,
        enableServerSideApply: true,
        // What was in a k3d cluster is gone with it. An existing cluster that does not answer will
        // do so again.
        deleteUnreachable: config.kind === 'k3d',
        // A refresh of a stopped cluster forgets what is in it; the next update adopts it again.
        upsertExistingObjects: config.kind === 'k3d',
      },
      { parent: this },
    );
    this.resource = config.kind === 'k3d' ? this.provider : undefined;
    const { kubeconfigPath, context, registry } = this;
    this.registerOutputs({ name: this.name, kubeconfigPath, context, registry });
  }

  /**
   * A k3d cluster with the kernel settings of its nodes, and those of this machine if the user
   * asked for them.
   */
  private makeK3d(name: string, args: ClusterArgs): K3dCluster {
    const config = args.config.cluster;
    const inputs = k3dInputs(args);
    const { node, host } = classifySysctls(config.sysctls);
    const child = { parent: this };
    const cluster = new K3dCluster(name, inputs, { ...child, protect: config.protect });
    if (Object.keys(node).length > 0)
      new NodeSysctls(
        `${name}-nodes`,
        { cluster: inputs.name, containers: cluster.containers, sysctls: node },
        { ...child, deletedWith: cluster },
      );
    if (config.applyHostSysctls && Object.keys(host).length > 0)
      // After the cluster, which has pulled the image.
      new HostSysctls(`${name}-host`, { image: inputs.image, sysctls: host }, { ...child, dependsOn: cluster });
    return cluster;
  }
}
