// The SQS queue of the stack (`queue:kind sqs`): a standard queue, encrypted, that only the apps
// use.
import * as aws from '@pulumi/aws-native';
import type * as pulumi from '@pulumi/pulumi';
import { RETENTION_SECONDS } from '../../monitoring/cloudwatch.ts';
import { type Place, tags } from './place.ts';
import type { Statement } from './roles.ts';

/** The largest message that SQS takes. */
const MESSAGE_BYTES = 1_048_576;

/** Arguments of createQueue. */
export interface QueueArgs {
  readonly place: Place;
  /** `queue:name` */
  readonly queue: string;
  readonly key: aws.kms.Key;
}

/**
 * Creates the queue, and the policy that refuses connections without TLS. The apps expect the queue
 * of its dead letters under the same name with `-dlq` (apps/shared/queue/sqs/letter-copies.ts).
 */
export function createQueue(
  name: string,
  { place, queue, key }: QueueArgs,
  opts: pulumi.CustomResourceOptions,
): aws.sqs.Queue {
  const created = new aws.sqs.Queue(
    name,
    {
      queueName: `${place.name}-${queue}`,
      messageRetentionPeriod: RETENTION_SECONDS,
      maximumMessageSize: MESSAGE_BYTES,
      // An empty poll waits, and costs one request instead of many.
      receiveMessageWaitTimeSeconds: 20,
      kmsMasterKeyId: key.arn,
      // A call of KMS every five minutes and client, instead of one for each message.
      kmsDataKeyReusePeriodSeconds: 300,
      tags: tags(place, name),
    },
    { ...opts, protect: place.protect },
  );
  new aws.sqs.QueueInlinePolicy(
    name,
    {
      queue: created.queueUrl,
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'OnlyTls',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sqs:*',
            Resource: created.arn,
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    },
    opts,
  );
  return created;
}

/** What the apps may do with them. */
export const queueStatements = (queues: readonly aws.sqs.Queue[]): readonly Statement[] => [
  {
    Sid: 'Queue',
    Action: [
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ReceiveMessage',
      'sqs:SendMessage',
    ],
    Resource: queues.map(({ arn }) => arn),
  },
];
