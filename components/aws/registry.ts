// The image registry: one ECR repository for each of our apps.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import type { AppName } from '../images/app-images.ts';
import { type Place, tags } from './place.ts';

/** Images that no tag names any more, after this many newer ones. */
const UNTAGGED_KEPT = 20;

/** Arguments of Registry. */
export interface RegistryArgs {
  readonly place: Place;
  readonly key: aws.kms.Key;
  readonly apps: readonly AppName[];
}

/** The repositories. */
export class Registry extends pulumi.ComponentResource {
  /** Prefix for pushing and pulling; known once every repository exists. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, { place, key, apps }: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Registry', name, {}, opts);
    const lifecycle = {
      rules: [
        {
          rulePriority: 1,
          description: 'Old images',
          selection: { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: UNTAGGED_KEPT },
          action: { type: 'expire' },
        },
      ],
    };
    const repositories = apps.map(
      (app) =>
        new aws.ecr.Repository(
          `${name}-${app}`,
          {
            // As AppImages names the images.
            repositoryName: `${place.name}/breakwater/${app}`,
            encryptionConfiguration: { encryptionType: 'KMS', kmsKey: key.arn },
            imageScanningConfiguration: { scanOnPush: true },
            // Images are built from the repository: nothing is lost with them.
            emptyOnDelete: true,
            lifecyclePolicy: { lifecyclePolicyText: JSON.stringify(lifecycle) },
            tags: tags(place, app),
          },
          { parent: this },
        ),
    );
    const suffix = `/breakwater/${apps[0]}`;
    this.url = pulumi
      .all(repositories.map(({ repositoryUri }) => repositoryUri))
      .apply(([first = '']) => first.slice(0, -suffix.length));
    this.registerOutputs({ url: this.url });
  }
}
