// The images of our apps: built from apps/Dockerfile, pushed to the cluster's registry, and
// deployed by digest.
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { type Part, type PartsConfig, partsOf } from '../stack/parts.ts';
import { officialImage } from './official-images.ts';

/** Apps that have an image: the targets of `apps/Dockerfile`. */
export type AppName = 'api' | 'consumer' | 'producer' | 'topics' | 'kafka-agent' | 'gate' | 'console';

/** Part of the stack that needs the app; the image is built only if the stack has that part. */
const PART_OF: Readonly<Record<AppName, Part>> = {
  api: 'api',
  consumer: 'consumer',
  producer: 'producer',
  topics: 'topics',
  'kafka-agent': 'kafka',
  gate: 'gate',
  console: 'console',
};

/** The apps that a stack runs. */
export function appsOf(config: PartsConfig): readonly AppName[] {
  const parts = partsOf(config);
  return (Object.keys(PART_OF) as AppName[]).filter((app) => parts.has(PART_OF[app]));
}

/** Docker's name of the platform. @param architecture `process.arch` */
export const platformOf = (architecture: string): string => `linux/${architecture === 'arm64' ? 'arm64' : 'amd64'}`;

/** Arguments of AppImages. */
export interface AppImagesArgs {
  /** Prefix for pushing and pulling: `localhost:5050`, `registry.example.com/team`. */
  readonly registry: pulumi.Input<string>;
  /**
   * Identity of the registry. Images are pushed again when it changes: the registry is new.
   */
  readonly registryInstance?: pulumi.Input<string>;
  /** Apps to build. */
  readonly apps: readonly AppName[];
  /** Source of the base image, and the platform: the keys `images:*`. */
  readonly config: StackConfig['images'];
}

/**
 * One image for each app. Pulumi hashes the build context (`apps/` without `apps/.dockerignore`),
 * the Dockerfile and the arguments, and builds nothing unless one of them changes. When one does,
 * Docker builds every image, from its cache where nothing changed. Such an image keeps its digest,
 * so that only the pods of the changed app roll.
 *
 * The credentials are those of `docker login`; a registry on localhost needs none.
 */
export class AppImages extends pulumi.ComponentResource {
  readonly #references = new Map<AppName, pulumi.Output<string>>();

  constructor(name: string, args: AppImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:images:AppImages', name, {}, opts);
    const { registry, registryInstance, apps, config } = args;
    const replacement = registryInstance !== undefined && { replacementTrigger: registryInstance };
    let first: docker.Image | undefined;
    for (const app of apps) {
      const image = new docker.Image(
        `${name}-${app}`,
        {
          // One tag for each stack: stacks may share a registry.
          imageName: pulumi.interpolate`${registry}/breakwater/${app}:${pulumi.getStack()}`,
          build: {
            // Relative, so that the path of the checkout does not matter.
            context: './apps',
            dockerfile: './apps/Dockerfile',
            target: app,
            platform: config.platform ?? platformOf(process.arch),
            args: { NODE_IMAGE: officialImage('node', config) },
          },
        },
        // The first image pushes the shared layers. In parallel, each image would push them.
        { parent: this, ...replacement, ...(first !== undefined && { dependsOn: first }) },
      );
      first ??= image;
      this.#references.set(app, image.repoDigest);
    }
    this.registerOutputs({ digests: Object.fromEntries(this.#references) });
  }

  /**
   * An app's image by digest: `localhost:5050/breakwater/api@sha256:…`
   *
   * @throws Error if the stack has no such app
   */
  of(app: AppName): pulumi.Output<string> {
    const reference = this.#references.get(app);
    if (reference === undefined) throw new Error(`The image of ${app} is not built: this stack does not run it`);
    return reference;
  }
}
