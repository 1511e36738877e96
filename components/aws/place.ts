// What every AWS resource of a stack shares: names, tags and the encryption key's users.
import type * as pulumi from '@pulumi/pulumi';

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
