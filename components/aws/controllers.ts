// What runs in the cluster before the stack: the storage class, the controller that creates load
// balancers for Ingresses, and the autoscaler of the nodes.
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

/** A chart whose service account, named after it, gets a role through Pod Identity. */
interface Controller {
  readonly chart: ChartName;
  /** The chart's location in the config. @default its own */
  readonly location: string | undefined;
  readonly statements: readonly Statement[];
  readonly values: object;
}

const NAMESPACE = 'kube-system';

/** They must outlive the stack's own objects, whose load balancers and volumes they remove. */
export class Controllers extends pulumi.ComponentResource {
  constructor(name: string, args: ControllersArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Controllers', name, {}, opts);
    const { place, charts, network } = args;
    new k8s.storage.v1.StorageClass(
      name,
      {
        metadata: { name: 'gp3', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        provisioner: 'ebs.csi.aws.com',
        parameters: { type: 'gp3', encrypted: 'true' },
        // The volume is created in the zone of the pod's node.
        volumeBindingMode: 'WaitForFirstConsumer',
        allowVolumeExpansion: true,
      },
      { parent: this, provider: args.provider },
    );
    this.#controller(args, {
      chart: 'aws-load-balancer-controller',
      location: charts.loadBalancerController,
      statements: loadBalancerController(place),
      values: {
        clusterName: place.name,
        region: place.region,
        vpcId: network.vpc,
        serviceAccount: { name: 'aws-load-balancer-controller' },
        enableShield: false,
        enableWaf: false,
        enableWafv2: false,
        defaultTags: { project: 'breakwater', stack: place.name },
      },
    });
    this.#controller(args, {
      chart: 'cluster-autoscaler',
      location: charts.clusterAutoscaler,
      statements: clusterAutoscaler(place),
      values: {
        autoDiscovery: { clusterName: place.name },
        awsRegion: place.region,
        rbac: { serviceAccount: { name: 'cluster-autoscaler' } },
        // Grows the zones alike, so that a pod can be placed in any.
        extraArgs: { 'balance-similar-node-groups': true, expander: 'least-waste' },
      },
    });
    this.registerOutputs({});
  }

  #controller({ place, provider }: ControllersArgs, { chart, location, statements, values }: Controller): void {
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
