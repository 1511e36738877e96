// What a change of the config of the stack on AWS does.
import type { Changes } from './change.ts';

const eks = {
  'cluster:kind': 'eks',
  'cluster:ingressClass': 'alb',
  'aws:region': 'us-east-1',
  'images:platform': 'linux/arm64',
};

const NODE_GROUPS = ['Nodegroup eks-a', 'Nodegroup eks-b', 'Nodegroup eks-c'];

export const awsChanges: Changes = {
  'aws:region': { on: eks, to: 'us-west-2', refused: true },
  'aws:zones': { on: eks, to: 'a,b,d', refused: true },
  'aws:cidr': { on: eks, to: '10.50.0.0/16', refused: true },
  'aws:natPerZone': {
    on: eks,
    to: true,
    changes: ['Route vpc-b', 'Route vpc-c'],
    creates: ['Eip vpc-b', 'Eip vpc-c', 'NatGateway vpc-b', 'NatGateway vpc-c'],
  },
  'aws:kubernetesVersion': { on: eks, to: '1.35', changes: ['Cluster eks', ...NODE_GROUPS] },
  'aws:privateApi': { on: eks, to: true, changes: ['Cluster eks'] },
  'aws:admins': { on: eks, to: 'arn:aws:iam::123456789012:role/admin', creates: ['AccessEntry eks-admin-0'] },
  'aws:instanceType': { on: eks, to: 'm7g.xlarge', changes: NODE_GROUPS },
  'aws:minNodesPerZone': { on: eks, to: 2, changes: NODE_GROUPS },
  'aws:maxNodesPerZone': { on: eks, to: 4, changes: NODE_GROUPS },
  'aws:certificate': {
    on: eks,
    to: 'arn:aws:acm:us-east-1:123456789012:certificate/0a',
    rolls: ['grafana'],
    changes: ['Ingress api', 'Ingress console', 'Ingress grafana'],
  },
  'aws:logDays': { on: eks, to: 90, changes: ['LogGroup eks'] },
  'charts:loadBalancerController': {
    on: eks,
    to: 'oci://mirror.example/charts/lbc',
    changes: ['Release aws-load-balancer-controller'],
  },
  'charts:clusterAutoscaler': {
    on: eks,
    to: 'oci://mirror.example/charts/ca',
    changes: ['Release cluster-autoscaler'],
  },
};
