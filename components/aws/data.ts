// What all data services of the stack on AWS share: private subnets, and a security group that
// admits only the pods of the cluster.
import * as aws from '@pulumi/aws-native';
import type * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import type { Network } from './network.ts';
import { type Place, tags } from './place.ts';

/** Arguments of every data service. */
export interface DataArgs {
  readonly place: Place;
  readonly config: StackConfig['aws'];
  readonly network: Network;
  readonly key: aws.kms.Key;
  /** Security group of the nodes, whose addresses the pods share. */
  readonly clients: pulumi.Input<string>;
}

/** Creates the security group of a service that listens on one port, and returns its id. */
export function dataGroup(
  name: string,
  port: number,
  { place, network, clients }: DataArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  return new aws.ec2.SecurityGroup(
    name,
    {
      vpcId: network.vpc,
      groupDescription: `${name}, from the pods of the cluster`,
      securityGroupIngress: [
        {
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
          sourceSecurityGroupId: clients,
          description: 'Pods of the cluster',
        },
      ],
      tags: tags(place, name),
    },
    opts,
  ).id;
}
