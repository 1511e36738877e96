// The network: a VPC over three zones. Nodes are in private subnets and reach the internet through
// NAT gateways; S3, DynamoDB, ECR and SQS have endpoints in the VPC.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { endpointServices, type Place, tags } from './place.ts';
import { subnetsOf } from './subnets.ts';

/** Arguments of Network. */
export interface NetworkArgs {
  readonly place: Place;
  readonly config: StackConfig;
}

/** The VPC and what is in it before any server. */
export class Network extends pulumi.ComponentResource {
  readonly vpc: pulumi.Output<string>;
  /** Subnet for nodes, pods and databases of each zone. */
  readonly privateSubnets: readonly pulumi.Output<string>[];
  /** Routes to the internet, without which nodes cannot join the cluster. */
  readonly routes: readonly pulumi.Resource[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Network', name, {}, opts);
    const { place } = args;
    const config = args.config.aws;
    const child = { parent: this };
    const { region } = place;
    const letters = config.zones.split(',');

    const vpc = new aws.ec2.Vpc(
      name,
      { cidrBlock: config.cidr, enableDnsSupport: true, enableDnsHostnames: true, tags: tags(place, 'vpc') },
      child,
    );
    this.vpc = vpc.id;
    const internet = new aws.ec2.InternetGateway(name, { tags: tags(place, 'internet') }, child);
    const attached = new aws.ec2.VpcGatewayAttachment(name, { vpcId: vpc.id, internetGatewayId: internet.id }, child);
    const publicTable = new aws.ec2.RouteTable(`${name}-public`, { vpcId: vpc.id, tags: tags(place, 'public') }, child);
    const routes: pulumi.Resource[] = [
      new aws.ec2.Route(
        `${name}-public`,
        { routeTableId: publicTable.id, destinationCidrBlock: '0.0.0.0/0', gatewayId: internet.id },
        { ...child, dependsOn: attached },
      ),
    ];

    let nat: aws.ec2.NatGateway | undefined;
    const zones = subnetsOf(config.cidr).map((cidrs, index) => {
      const letter = letters[index]!;
      const zone = `${name}-${letter}`;
      /** @param tag what the load balancer controller looks for */
      const subnet = (kind: 'public' | 'private', tag: string) =>
        new aws.ec2.Subnet(
          `${zone}-${kind}`,
          {
            vpcId: vpc.id,
            availabilityZone: `${region}${letter}`,
            cidrBlock: cidrs[kind],
            mapPublicIpOnLaunch: false,
            tags: tags(place, `${kind}-${letter}`, { [tag]: '1' }),
          },
          child,
        );
      const publicSubnet = subnet('public', 'kubernetes.io/role/elb');
      const privateSubnet = subnet('private', 'kubernetes.io/role/internal-elb');
      if (nat === undefined || config.natPerZone) {
        const address = new aws.ec2.Eip(zone, { domain: 'vpc', tags: tags(place, `nat-${letter}`) }, child);
        nat = new aws.ec2.NatGateway(
          zone,
          { subnetId: publicSubnet.id, allocationId: address.allocationId, tags: tags(place, `nat-${letter}`) },
          { ...child, dependsOn: routes[0] },
        );
      }
      const table = new aws.ec2.RouteTable(zone, { vpcId: vpc.id, tags: tags(place, `private-${letter}`) }, child);
      const out = new aws.ec2.Route(
        zone,
        { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', natGatewayId: nat.id },
        child,
      );
      routes.push(
        out,
        new aws.ec2.SubnetRouteTableAssociation(
          `${zone}-public`,
          { subnetId: publicSubnet.id, routeTableId: publicTable.id },
          child,
        ),
        new aws.ec2.SubnetRouteTableAssociation(
          `${zone}-private`,
          { subnetId: privateSubnet.id, routeTableId: table.id },
          child,
        ),
      );
      return { subnet: privateSubnet.id, table: table.id };
    });
    this.privateSubnets = zones.map(({ subnet }) => subnet);
    this.routes = routes;

    for (const service of ['s3', 'dynamodb'])
      new aws.ec2.VpcEndpoint(
        `${name}-${service}`,
        {
          vpcId: vpc.id,
          serviceName: `com.amazonaws.${region}.${service}`,
          vpcEndpointType: 'Gateway',
          routeTableIds: zones.map(({ table }) => table),
          tags: tags(place, service),
        },
        child,
      );
    const endpoints = new aws.ec2.SecurityGroup(
      `${name}-endpoints`,
      {
        vpcId: vpc.id,
        groupDescription: 'Endpoints of AWS services, from within the VPC',
        securityGroupIngress: [
          { ipProtocol: 'tcp', fromPort: 443, toPort: 443, cidrIp: config.cidr, description: 'HTTPS from the VPC' },
        ],
        tags: tags(place, 'endpoints'),
      },
      child,
    );
    for (const service of endpointServices(args.config))
      new aws.ec2.VpcEndpoint(
        `${name}-${service}`,
        {
          vpcId: vpc.id,
          serviceName: `com.amazonaws.${region}.${service}`,
          vpcEndpointType: 'Interface',
          privateDnsEnabled: true,
          subnetIds: [...this.privateSubnets],
          securityGroupIds: [endpoints.id],
          tags: tags(place, service),
        },
        child,
      );
    this.registerOutputs({ vpc: this.vpc });
  }
}
