// The AWS half of a stack: everything that is created before, and around, what runs in Kubernetes.
import * as aws from '@pulumi/aws-native';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { clusterNameOf } from '../cluster/names.ts';
import { kubeconfigWith } from '../cluster/this-machine.ts';
import { appsOf } from '../images/app-images.ts';
import { Controllers } from './controllers.ts';
import { describeCost } from './cost.ts';
import { Eks } from './eks.ts';
import { Experiments } from './experiments.ts';
import { createKey } from './key.ts';
import { KubeconfigFile, kubeconfigText } from './kubeconfig.ts';
import { Managed } from './managed.ts';
import { Network } from './network.ts';
import type { Place } from './place.ts';
import prices from './prices.json';
import { Registry } from './registry.ts';
import { Watch } from './watch.ts';

/** Arguments of AwsCluster. */
export interface AwsClusterArgs {
  /** Name of the stack. */
  readonly stack: string;
  readonly config: StackConfig;
}

/** An EKS cluster with its network, registry and controllers. */
export class AwsCluster extends pulumi.ComponentResource {
  readonly name: string;
  /** Absolute path of the kubeconfig, which names the cluster and holds no secret. */
  readonly kubeconfigPath: pulumi.Output<string>;
  readonly context: string;
  /** Prefix of image names. */
  readonly registry: pulumi.Output<string>;
  /** Changes with each cluster that is created. */
  readonly identity: pulumi.Output<string>;
  /** The services that AWS runs for the stack. */
  readonly managed: Managed;
  /** Creates what is to run in the cluster, once nodes and controllers are there. */
  readonly provider: k8s.Provider;

  constructor(name: string, { stack, config }: AwsClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:AwsCluster', name, {}, opts);
    const provider = new aws.Provider('aws', { region: config.aws.region as aws.Region }, { parent: this });
    const child = { parent: this, providers: { 'aws-native': provider } };
    const place: Place = {
      name: clusterNameOf(stack),
      region: config.aws.region!,
      account: aws.getAccountIdOutput({ provider }).accountId,
      protect: config.cluster.protect,
    };
    if (pulumi.runtime.isDryRun()) void pulumi.log.info(describeCost(config, prices), this);
    this.name = place.name;
    const { context, registry } = config.cluster;
    this.context = context ?? place.name;

    const key = createKey('key', place, { parent: this, provider });
    const network = new Network('vpc', { place, config }, child);
    const watch = new Watch('watch', { place, config, key }, child);
    const eks = new Eks('eks', { place, config: config.aws, network, key }, { ...child, dependsOn: [...watch.groups] });
    this.identity = eks.cluster.arn;
    const { url } = new Registry('ecr', { place, key, apps: appsOf(config) }, child);
    this.registry = registry === undefined ? url : url.apply(() => registry);

    const clients = eks.cluster.clusterSecurityGroupId;
    this.managed = new Managed(
      'managed',
      { place, config, network, key, clients },
      { ...child, dependsOn: [eks.cluster, ...watch.groups] },
    );

    if (config.aws.experiments)
      new Experiments('experiments', { place, config, network, stop: watch.apiMissing }, child);
    const content = kubeconfigText(place, eks.cluster);
    const file = new KubeconfigFile('kubeconfig', { stack, content }, { parent: this });
    // On an emulator, nothing answers at the address of EKS' API.
    const other = context === undefined ? undefined : kubeconfigWith(context);
    this.kubeconfigPath = file.path.apply((path) => other ?? path);
    const kubernetes = (label: string, dependsOn: readonly pulumi.Resource[]) =>
      new k8s.Provider(
        label,
        {
          kubeconfig: other ?? content,
          context: this.context,
          clusterIdentifier: this.identity,
          enableServerSideApply: true,
          deleteUnreachable: false,
        },
        { parent: this, dependsOn: [...dependsOn] },
      );
    const controllers = new Controllers(
      'controllers',
      { place, charts: config.charts, network, provider: kubernetes('eks', eks.ready) },
      { ...child, dependsOn: [...eks.ready] },
    );
    this.provider = kubernetes(name, [controllers, ...this.managed.ready]);
    this.registerOutputs({ name: this.name, registry: this.registry });
  }
}
