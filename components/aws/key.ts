// The key that everything of the stack is encrypted with: Kubernetes Secrets, images, queue,
// databases and logs.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import { type Place, tags } from './place.ts';

/** Creates the key, and an alias by which people find it. */
export function createKey(name: string, place: Place, opts: pulumi.CustomResourceOptions): aws.kms.Key {
  const { region, account } = place;
  const key = new aws.kms.Key(
    name,
    {
      description: `Everything of ${place.name}`,
      enableKeyRotation: true,
      pendingWindowInDays: 30,
      keyPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'Account',
            Effect: 'Allow',
            Principal: { AWS: pulumi.interpolate`arn:aws:iam::${account}:root` },
            Action: 'kms:*',
            Resource: '*',
          },
          {
            Sid: 'Logs',
            Effect: 'Allow',
            Principal: { Service: `logs.${region}.amazonaws.com` },
            Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
            Resource: '*',
            Condition: {
              ArnLike: {
                'kms:EncryptionContext:aws:logs:arn': pulumi.interpolate`arn:aws:logs:${region}:${account}:log-group:*`,
              },
            },
          },
        ],
      },
      tags: tags(place, 'key'),
    },
    { ...opts, protect: place.protect },
  );
  new aws.kms.Alias(name, { aliasName: `alias/${place.name}`, targetKeyId: key.keyId }, opts);
  return key;
}
