// What the AWS resources of a stack share: where they are, their tags, and the sizes that the bill
// needs too.
import type * as pulumi from '@pulumi/pulumi';
import { managedServices } from '../../config/managed.ts';
import type { StackConfig } from '../../config/schema.ts';

/** Volume of a node, GiB: images, logs and the scratch folders of pods. */
export const NODE_VOLUME_GIB = 50;

/** The version of Aurora, which is also looked for before anything is created. */
export const AURORA = { engine: 'aurora-mysql', version: '8.0.mysql_aurora.3.10.0' } as const;

/**
 * AWS services that pods and nodes reach through endpoints of their own, for each zone. Without those
 * of ECR, image pulls pay for NAT.
 */
export const endpointServices = (config: StackConfig): readonly string[] => [
  ...['ecr.api', 'ecr.dkr'],
  ...(managedServices(config).has('sqs') ? ['sqs'] : []),
];

/** Where resources of the stack are created. */
export interface Place {
  /** Prefix of their names: `breakwater-<stack>`. At most 32 characters. */
  readonly name: string;
  readonly region: string;
  /** Id of the AWS account. */
  readonly account: pulumi.Input<string>;
  /** Whether what holds records is protected from deletion (`cluster:protect`). */
  readonly protect: boolean;
}

/** Tags by key. */
export const tagMap = ({ name }: Place, role: string): Record<string, string> => ({
  Name: `${name}-${role}`,
  project: 'breakwater',
  stack: name,
});

/** The same tags in CloudFormation's form. @param more further tags, which controllers look for */
export const tags = (place: Place, role: string, more: Readonly<Record<string, string>> = {}) =>
  Object.entries({ ...tagMap(place, role), ...more }).map(([key, value]) => ({ key, value }));
