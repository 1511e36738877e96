// IAM roles: who may assume each, and the least that it needs. An action or a resource that is `*`
// has its reason in test/program/aws/policies.ts.
import * as aws from '@pulumi/aws-native';
import type * as pulumi from '@pulumi/pulumi';
import { type Place, tags } from './place.ts';

/** One statement that allows something. */
export interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: pulumi.Input<string> | readonly pulumi.Input<string>[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, pulumi.Input<string | string[]>>>>>;
}

/** A policy document that allows these statements. */
const allowing = (statements: readonly Statement[]) => ({
  Version: '2012-10-17',
  Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
});

/** What a role may do, and who may assume it. */
export interface RoleArgs {
  readonly place: Place;
  /** Service that assumes it: `pods.eks` is Pod Identity. */
  readonly service: 'eks' | 'ec2' | 'pods.eks' | 'monitoring.rds' | 'fis';
  readonly description: string;
  /** Names of policies that AWS maintains. @default none */
  readonly managed?: readonly string[];
  /** @default none */
  readonly statements?: readonly Statement[];
}

/** Creates a role, named `<stack>-<role>`. */
export function createRole(role: string, args: RoleArgs, opts: pulumi.CustomResourceOptions): aws.iam.Role {
  const { place, service, description, managed = [], statements = [] } = args;
  const pods = service === 'pods.eks';
  return new aws.iam.Role(
    role,
    {
      roleName: `${place.name}-${role}`,
      description,
      assumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: `${service}.amazonaws.com` },
            Action: ['sts:AssumeRole', ...(pods ? ['sts:TagSession'] : [])],
            // The others do not name the account that they act for.
            ...(service !== 'eks' &&
              service !== 'ec2' && { Condition: { StringEquals: { 'aws:SourceAccount': place.account } } }),
          },
        ],
      },
      managedPolicyArns: managed.map((policy) => `arn:aws:iam::aws:policy/${policy}`),
      policies: statements.length === 0 ? [] : [{ policyName: role, policyDocument: allowing(statements) }],
      tags: tags(place, role),
    },
    opts,
  );
}
