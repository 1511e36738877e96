// What the controllers in the cluster may do on AWS. AWS' own policies allow more: they leave out
// the conditions on tags, and include services that the stack does not use.
import * as pulumi from '@pulumi/pulumi';
import type { Place } from './place.ts';
import type { Statement } from './roles.ts';

/** Tag of what the load balancer controller created for this cluster. */
const OURS = 'elbv2.k8s.aws/cluster';

const BALANCING = 'elasticloadbalancing.amazonaws.com';

/** The AWS Load Balancer Controller: it creates and changes only what has its tag. */
export function loadBalancerController({ name, region, account }: Place): readonly Statement[] {
  const balancing = (...kinds: readonly string[]) =>
    kinds.map((kind) => pulumi.interpolate`arn:aws:elasticloadbalancing:${region}:${account}:${kind}/*`);
  const ec2 = (kind: string) => pulumi.interpolate`arn:aws:ec2:${region}:${account}:${kind}/*`;
  const created = { StringEquals: { [`aws:RequestTag/${OURS}`]: name } };
  const owned = { StringEquals: { [`aws:ResourceTag/${OURS}`]: name } };
  return [
    {
      Sid: 'Observe',
      Action: [
        'ec2:DescribeAccountAttributes',
        'ec2:DescribeAddresses',
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeCoipPools',
        'ec2:DescribeInstances',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeTags',
        'ec2:DescribeVpcPeeringConnections',
        'ec2:DescribeVpcs',
        'ec2:GetSecurityGroupsForVpc',
        'elasticloadbalancing:DescribeCapacityReservation',
        'elasticloadbalancing:DescribeListenerAttributes',
        'elasticloadbalancing:DescribeListenerCertificates',
        'elasticloadbalancing:DescribeListeners',
        'elasticloadbalancing:DescribeLoadBalancerAttributes',
        'elasticloadbalancing:DescribeLoadBalancers',
        'elasticloadbalancing:DescribeRules',
        'elasticloadbalancing:DescribeSSLPolicies',
        'elasticloadbalancing:DescribeTags',
        'elasticloadbalancing:DescribeTargetGroupAttributes',
        'elasticloadbalancing:DescribeTargetGroups',
        'elasticloadbalancing:DescribeTargetHealth',
        'elasticloadbalancing:DescribeTrustStores',
        'acm:ListCertificates',
        'acm:DescribeCertificate',
      ],
      Resource: '*',
    },
    {
      // The first load balancer of an account: the role by which AWS itself runs them.
      Sid: 'FirstLoadBalancer',
      Action: ['iam:CreateServiceLinkedRole'],
      Resource: pulumi.interpolate`arn:aws:iam::${account}:role/aws-service-role/${BALANCING}/AWSServiceRoleForElasticLoadBalancing`,
      Condition: { StringEquals: { 'iam:AWSServiceName': BALANCING } },
    },
    {
      Sid: 'Create',
      Action: ['elasticloadbalancing:CreateLoadBalancer', 'elasticloadbalancing:CreateTargetGroup'],
      Resource: balancing('loadbalancer', 'targetgroup'),
      Condition: created,
    },
    {
      Sid: 'TagWhatIsCreated',
      Action: ['elasticloadbalancing:AddTags'],
      Resource: balancing('loadbalancer', 'targetgroup', 'listener', 'listener-rule'),
      Condition: {
        StringEquals: {
          'elasticloadbalancing:CreateAction': [
            'CreateTargetGroup',
            'CreateLoadBalancer',
            'CreateListener',
            'CreateRule',
          ],
        },
      },
    },
    {
      Sid: 'ChangeOwned',
      Action: [
        'elasticloadbalancing:AddListenerCertificates',
        'elasticloadbalancing:AddTags',
        'elasticloadbalancing:CreateListener',
        'elasticloadbalancing:CreateRule',
        'elasticloadbalancing:DeleteListener',
        'elasticloadbalancing:DeleteLoadBalancer',
        'elasticloadbalancing:DeleteRule',
        'elasticloadbalancing:DeleteTargetGroup',
        'elasticloadbalancing:DeregisterTargets',
        'elasticloadbalancing:ModifyCapacityReservation',
        'elasticloadbalancing:ModifyIpPools',
        'elasticloadbalancing:ModifyListener',
        'elasticloadbalancing:ModifyListenerAttributes',
        'elasticloadbalancing:ModifyLoadBalancerAttributes',
        'elasticloadbalancing:ModifyRule',
        'elasticloadbalancing:ModifyTargetGroup',
        'elasticloadbalancing:ModifyTargetGroupAttributes',
        'elasticloadbalancing:RegisterTargets',
        'elasticloadbalancing:RemoveListenerCertificates',
        'elasticloadbalancing:RemoveTags',
        'elasticloadbalancing:SetIpAddressType',
        'elasticloadbalancing:SetRulePriorities',
        'elasticloadbalancing:SetSecurityGroups',
        'elasticloadbalancing:SetSubnets',
      ],
      Resource: balancing('loadbalancer', 'targetgroup', 'listener', 'listener-rule'),
      Condition: owned,
    },
    { Sid: 'CreateGroup', Action: ['ec2:CreateSecurityGroup'], Resource: [ec2('security-group'), ec2('vpc')] },
    {
      Sid: 'TagGroup',
      Action: ['ec2:CreateTags'],
      Resource: ec2('security-group'),
      Condition: { StringEquals: { ...created.StringEquals, 'ec2:CreateAction': 'CreateSecurityGroup' } },
    },
    {
      // The rules of the nodes' own group too: it opens the pods to the balancer.
      Sid: 'Rules',
      Action: ['ec2:AuthorizeSecurityGroupIngress', 'ec2:RevokeSecurityGroupIngress'],
      Resource: ec2('security-group'),
    },
    { Sid: 'DeleteOwnedGroup', Action: ['ec2:DeleteSecurityGroup'], Resource: ec2('security-group'), Condition: owned },
  ];
}

/** The Cluster Autoscaler: it sizes only the groups of this cluster. */
export const clusterAutoscaler = ({ name, region, account }: Place): readonly Statement[] => [
  {
    Sid: 'Observe',
    Action: [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:DescribeAutoScalingInstances',
      'autoscaling:DescribeLaunchConfigurations',
      'autoscaling:DescribeScalingActivities',
      'autoscaling:DescribeTags',
      'ec2:DescribeImages',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeLaunchTemplateVersions',
      'ec2:GetInstanceTypesFromInstanceRequirements',
    ],
    Resource: '*',
  },
  {
    Sid: 'NodeGroups',
    Action: ['eks:DescribeNodegroup'],
    Resource: pulumi.interpolate`arn:aws:eks:${region}:${account}:nodegroup/${name}/*`,
  },
  {
    Sid: 'Resize',
    Action: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
    Resource: pulumi.interpolate`arn:aws:autoscaling:${region}:${account}:autoScalingGroup:*`,
    Condition: { StringEquals: { [`aws:ResourceTag/k8s.io/cluster-autoscaler/${name}`]: 'owned' } },
  },
];
