// The DynamoDB table of the records (`store:kind dynamodb`), billed by request.
import * as aws from '@pulumi/aws-native';
import type * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { type Place, tags } from './place.ts';
import type { Statement } from './roles.ts';

/** Arguments of createTable. */
export interface TableArgs {
  readonly place: Place;
  readonly config: Pick<StackConfig, 'aws' | 'dynamodb'>;
  readonly key: aws.kms.Key;
}

/** Creates the table. */
export function createTable(
  name: string,
  { place, config: { aws: config, dynamodb }, key }: TableArgs,
  opts: pulumi.CustomResourceOptions,
): aws.dynamodb.Table {
  const { tableUnits } = config;
  return new aws.dynamodb.Table(
    name,
    {
      tableName: dynamodb.table,
      keySchema: [{ attributeName: '_id', keyType: 'HASH' }],
      attributeDefinitions: [{ attributeName: '_id', attributeType: 'S' }],
      billingMode: 'PAY_PER_REQUEST',
      ...(tableUnits > 0 && {
        onDemandThroughput: { maxReadRequestUnits: tableUnits, maxWriteRequestUnits: tableUnits },
      }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      sseSpecification: { sseEnabled: true, sseType: 'KMS', kmsMasterKeyId: key.arn },
      deletionProtectionEnabled: place.protect,
      tags: tags(place, name),
    },
    { ...opts, protect: place.protect },
  );
}

/** What the apps may do with it. */
export const tableStatements = (table: aws.dynamodb.Table): readonly Statement[] => [
  {
    Sid: 'Table',
    Action: [
      'dynamodb:BatchGetItem',
      'dynamodb:DescribeTable',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Scan',
      'dynamodb:UpdateItem',
    ],
    Resource: table.arn,
  },
];
