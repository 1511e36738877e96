// A group of logs in CloudWatch, encrypted and kept as long as the config says.
import * as aws from '@pulumi/aws-native';
import type * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { type Place, tags } from './place.ts';

/** What every group of a stack shares. */
export interface LogGroupArgs {
  readonly place: Place;
  readonly config: Pick<StackConfig['aws'], 'logDays'>;
  readonly key: aws.kms.Key;
}

/** Creates a group. @param path its name in CloudWatch, `/aws/eks/…` */
export const createLogGroup = (
  name: string,
  path: string,
  { place, config, key }: LogGroupArgs,
  opts: pulumi.CustomResourceOptions,
): aws.logs.LogGroup =>
  new aws.logs.LogGroup(
    name,
    { logGroupName: path, retentionInDays: config.logDays, kmsKeyId: key.arn, tags: tags(place, `logs-${name}`) },
    opts,
  );
