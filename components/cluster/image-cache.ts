// The cache of public images (`images:cache`): k3d registries that pull what they lack through, one
// for each public registry. All clusters on this machine share them, and they outlive clusters, so
// that a later cluster pulls nothing. The nodes of the first one still pull what the cache does not
// have yet each for itself: it passes on what it is receiving to one of them only.
import type { Run } from '../../tooling/run.ts';

/** A public registry and its cache. */
export interface ImageCache {
  /** Registry in the names of images. */
  readonly registry: string;
  /** Where the cache pulls from. */
  readonly remote: string;
  /** Name of its container and of the volume that holds the images. */
  readonly container: string;
}

/** Those that the images of the stacks and of k3s are from. */
export const IMAGE_CACHES: readonly ImageCache[] = [
  { registry: 'docker.io', remote: 'https://registry-1.docker.io', container: 'k3d-breakwater-cache-docker-io' },
  { registry: 'ghcr.io', remote: 'https://ghcr.io', container: 'k3d-breakwater-cache-ghcr-io' },
  { registry: 'quay.io', remote: 'https://quay.io', container: 'k3d-breakwater-cache-quay-io' },
];

/**
 * Makes the caches that are missing, and starts those that are stopped.
 *
 * @param image of the registry
 * @throws CommandError
 */
export async function ensureImageCaches(
  run: Run,
  image: string,
  caches: readonly ImageCache[] = IMAGE_CACHES,
): Promise<void> {
  for (const { container, remote } of caches) {
    // Docker's filter also matches parts of names.
    const printed = await run('docker', ['ps', '--all', '--filter', `name=^${container}$`, '--format={{.State}}']);
    const state = printed.trim();
    if (state === '')
      await run('k3d', [
        'registry',
        'create',
        container.replace(/^k3d-/, ''),
        `--image=${image}`,
        `--proxy-remote-url=${remote}`,
        `--volume=${container}:/var/lib/registry`,
        // k3d publishes a port in any case. Only this machine may use it.
        '--port=127.0.0.1:0',
        '--no-help',
      ]);
    else if (state !== 'running') await run('docker', ['start', container]);
  }
}
