// How the network of the VPC is divided: a quarter for the nodes and pods of each zone, and of the
// last quarter a quarter for the load balancers and NAT gateway of each zone.
import { type Network, parseCidr, sizeOf } from '../../config/aws-rules.ts';

/** The two subnets of a zone, in CIDR notation. */
export interface ZoneSubnets {
  readonly private: string;
  readonly public: string;
}

const ZONES = 3;

const text = ({ first, prefix }: Network): string =>
  `${[24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join('.')}/${prefix}`;

/** One of the four quarters of a network. */
function quarter(network: Network, index: number): Network {
  const half = { prefix: network.prefix + 2 };
  return { ...half, first: network.first + index * sizeOf({ first: 0, ...half }) };
}

/**
 * The subnets of each zone.
 *
 * @param cidr `aws:cidr`, which the rules have checked
 */
export function subnetsOf(cidr: string): readonly ZoneSubnets[] {
  const vpc = parseCidr(cidr)!;
  return Array.from({ length: ZONES }, (_, zone) => ({
    private: text(quarter(vpc, zone)),
    public: text(quarter(quarter(vpc, ZONES), zone)),
  }));
}
