// What runs in the cluster before the stack: the storage class, the controller that makes load
// balancers from Ingresses, and the autoscaler of the nodes.
import * as aws from '@pulumi/aws-native';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { type ChartName, chartSource } from '../images/charts.ts';
import { START_SECONDS } from '../kubernetes/start-time.ts';
import type { Network } from './network.ts';
import { type Place, tags } from './place.ts';
import { clusterAutoscaler, loadBalancerController } from './policies.ts';
import { createRole, type Statement } from './roles.ts';

/** Arguments of Controllers. */
export interface ControllersArgs {
  readonly place: Place;
  readonly charts: StackConfig['charts'];
  readonly network: Network;
  readonly provider: k8s.Provider;
}

const NAMESPACE = 'kube-system';

/** They must outlive the stack's own objects, whose load balancers and volumes they remove. */
export class Controllers extends pulumi.ComponentResource {
  readonly #args: ControllersArgs;

  constructor(name: string, args: ControllersArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Controllers', name, {}, opts);
    this.#args = args;
    const { place, charts, network, provider } = args;
    new k8s.storage.v1.StorageClass(
      name,
      {
        metadata: { name: 'gp3', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        provisioner: 'ebs.csi.aws.com',
        parameters: { type: 'gp3', encrypted: 'true' },
        // The volume is made in the zone of the pod's node.
        volumeBindingMode: 'WaitForFirstConsumer',
        allowVolumeExpansion: true,
      },
      { parent: this, provider },
    );
    this.#controller('aws-load-balancer-controller', charts.loadBalancerController, loadBalancerController(place), {
      clusterName: place.name,
      region: place.region,
      vpcId: network.vpc,
      serviceAccount: { name: 'aws-load-balancer-controller' },
      enableShield: false,
      enableWaf: false,
      enableWafv2: false,
      defaultTags: { project: 'breakwater', stack: place.name },
    });
    this.#controller('cluster-autoscaler', charts.clusterAutoscaler, clusterAutoscaler(place), {
      autoDiscovery: { clusterName: place.name },
      awsRegion: place.region,
      rbac: { serviceAccount: { name: 'cluster-autoscaler' } },
      // Grows the zones alike, so that a pod can be placed in any.
      extraArgs: { 'balance-similar-node-groups': true, expander: 'least-waste' },
    });
    this.registerOutputs({});
  }

  /** A chart whose service account, named after it, gets a role through Pod Identity. */
  #controller(chart: ChartName, location: string | undefined, statements: readonly Statement[], values: object): void {
    const { place, provider } = this.#args;
    const child = { parent: this };
    const role = createRole(chart, { place, service: 'pods.eks', description: `The ${chart}`, statements }, child);
    const identity = new aws.eks.PodIdentityAssociation(
      chart,
      {
        clusterName: place.name,
        namespace: NAMESPACE,
        serviceAccount: chart,
        roleArn: role.arn,
        tags: tags(place, chart),
      },
      child,
    );
    new k8s.helm.v3.Release(
      chart,
      {
        name: chart,
        namespace: NAMESPACE,
        ...chartSource(chart, location),
        values,
        cleanupOnFail: true,
        timeout: START_SECONDS,
      },
      { ...child, provider, dependsOn: identity },
    );
  }
}
