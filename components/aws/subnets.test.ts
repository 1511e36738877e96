// The subnets fill the VPC without overlapping.
import { expect, test } from '@jest/globals';
import { subnetsOf } from './subnets.ts';

test.each([
  [
    '10.40.0.0/16',
    ['10.40.0.0/18', '10.40.64.0/18', '10.40.128.0/18'],
    ['10.40.192.0/20', '10.40.208.0/20', '10.40.224.0/20'],
  ],
  [
    '192.168.16.0/20',
    ['192.168.16.0/22', '192.168.20.0/22', '192.168.24.0/22'],
    ['192.168.28.0/24', '192.168.29.0/24', '192.168.30.0/24'],
  ],
])('%s', (cidr, nodes, balancers) => {
  const zones = subnetsOf(cidr);
  expect(zones.map((zone) => zone.private)).toEqual(nodes);
  expect(zones.map((zone) => zone.public)).toEqual(balancers);
});
