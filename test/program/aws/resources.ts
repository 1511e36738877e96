// The AWS resources among those that a stack declares.
import type { RawConfig } from '../../../config/parse.ts';
import type { Declared } from '../declare.ts';
import { type Manifest, manifestOf } from '../workloads.ts';

/** Config of the services that the stack files do not use. */
export const otherServices: RawConfig = {
  'queue:kind': 'kafka',
  'kafka:managed': true,
  'kafka:partitions': 12,
  'store:kind': 'dynamodb',
  'aws:tableUnits': 4000,
};

/** An AWS resource. */
export interface AwsResource {
  readonly name: string;
  /** `eks:Nodegroup` */
  readonly type: string;
  readonly inputs: Manifest;
  readonly options: Declared['options'];
}

/** The AWS resources, of some types or of all. */
export const awsOf = (declared: readonly Declared[], ...types: readonly string[]): readonly AwsResource[] =>
  declared
    .filter(({ type }) => type.startsWith('aws-native:'))
    .map((resource) => ({
      name: resource.name,
      type: resource.type.slice('aws-native:'.length),
      inputs: manifestOf(resource),
      options: resource.options,
    }))
    .filter(({ type }) => types.length === 0 || types.includes(type));
