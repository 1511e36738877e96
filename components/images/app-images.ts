// The images of our apps: built from apps/Dockerfile, pushed to the cluster's registry, deployed by digest.
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { officialImage } from './official-images.ts';

/** Apps that have an image: the targets of `apps/Dockerfile`. */
export type AppName = 'api' | 'consumer' | 'producer' | 'topics' | 'kafka-agent' | 'gate' | 'console';

/** The apps that a stack runs; no image of another is built. */
export function appsOf(
  config: Pick<StackConfig, 'queue' | 'kafka' | 'mongo' | 'producer' | 'console'>,
): readonly AppName[] {
  const used: Readonly<Record<AppName, boolean>> = {
    api: true,
    consumer: true,
    producer: config.producer.rate > 0,
    topics: config.queue.kind === 'kafka',
    'kafka-agent': config.queue.kind === 'kafka' && config.kafka.external === undefined,
    // It stands in for the disk of the MongoDB in the cluster; one outside has a disk of its own.
    gate: config.mongo.external === undefined,
    console: config.console.enabled,
  };
  return (Object.keys(used) as AppName[]).filter((app) => used[app]);
}

/** Docker's name for the platform of a machine. */
export const platformOf = (architecture: string): string => `linux/${architecture === 'arm64' ? 'arm64' : 'amd64'}`;

/** What the images are made of and where they go. */
export interface AppImagesArgs {
  /** Prefix for pushing and pulling: `localhost:5050`, `registry.example.com/team`. */
  readonly registry: pulumi.Input<string>;
  /** Changes with each new, empty registry of the same name: the images are pushed again. Not needed where a registry outlives the stack. */
  readonly registryInstance?: pulumi.Input<string>;
  /** Apps to build. */
  readonly apps: readonly AppName[];
  /** The stack's `images:*`: where the base image comes from, and the platform. */
  readonly config: StackConfig['images'];
}

/**
 * One image an app. Pulumi hashes the build context (`apps/` less `apps/.dockerignore`), the Dockerfile and the arguments: while
 * none changes, nothing is built. When something does, every image is built, from Docker's cache where its own parts are the
 * same, and comes out with the same digest: only the pods of the app that changed roll.
 *
 * Credentials are those of `docker login`; a registry on localhost needs none.
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
          // A tag a stack: where several share a registry, none takes the tag from what another runs.
          imageName: pulumi.interpolate`${registry}/breakwater/${app}:${pulumi.getStack()}`,
          build: {
            // Relative to the project, so that another checkout is no change.
            context: './apps',
            dockerfile: './apps/Dockerfile',
            target: app,
            platform: config.platform ?? platformOf(process.arch),
            args: { NODE_IMAGE: officialImage('node', config) },
          },
        },
        // One goes ahead: the others find the layers that all share in the registry, instead of each pushing them at once.
        { parent: this, ...replacement, ...(first !== undefined && { dependsOn: first }) },
      );
      first ??= image;
      this.#references.set(app, image.repoDigest);
    }
    this.registerOutputs({});
  }

  /**
   * An app's image by digest: `localhost:5050/breakwater/api@sha256:…`
   *
   * @throws when the stack has no such app
   */
  of(app: AppName): pulumi.Output<string> {
    const reference = this.#references.get(app);
    if (reference === undefined) throw new Error(`The image of ${app} is not built: this stack does not run it`);
    return reference;
  }
}
