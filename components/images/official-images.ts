// The list of third-party images: where each comes from, its version, and its digests.
import type { StackConfig } from '../../config/schema.ts';

/** A third-party image. */
interface OfficialImage {
  /** Registry that publishes it. @default docker.io, whose own images are under `library/` */
  readonly registry?: string;
  readonly repository: string;
  /** The default version: a tag that its publisher never moves to another release. */
  readonly version: string;
  /**
   * Digest of the manifest list (all platforms) by version. Any other version is pulled by its tag
   * alone. `docs/security.md` says where the digests come from, and how to check one.
   */
  readonly digests: Readonly<Record<string, string>>;
}

// renovate.json reads the entries: registry, repository, version and digests, in this order.
const images = {
  kafka: {
    repository: 'apache/kafka',
    version: '4.3.1',
    digests: {
      '4.0.0': 'sha256:3f7b939115cd4872e9cee9369d80bd69712fde55f9902f46d793f64848dedc75',
      '4.1.0': 'sha256:bff074a5d0051dbc0bbbcd25b045bb1fe84833ec0d3c7c965d1797dd289ec88f',
      '4.1.1': 'sha256:0bc1bb2478f45b6cea78864df86acdc11e8df2c5172477819a4d12942cbe5d40',
      '4.1.2': 'sha256:5cc2a2fd93fa2687b44015eee04fb2c3edd9e526bd64bf8bec5ff1e268772e0e',
      '4.2.0': 'sha256:9516fb7634bad307d17c33b589fde9023003b0cb761374f500002b980a3149b9',
      '4.3.0': 'sha256:0be4c9eb3565733612d2836d65636fd611a219ebcf5b4162e5ac259ea0ecb907',
      '4.3.1': 'sha256:77e3df9054047a88b520d0cc46e16696d3b22022e1d580aeccd2632df6532837',
    },
  },
  redis: {
    // 8.2 has long-term support. 8.2.2 and later fix the Lua interpreter (CVE-2025-49844).
    repository: 'library/redis',
    version: '8.2.8-bookworm',
    digests: { '8.2.8-bookworm': 'sha256:2f7462b9e93e0a7ae2edf3a0a0babc8a4d29f8bfc50849b906b7caaef925edc1' },
  },
  mongo: {
    // Not 8.0: a standalone 8.0.32 to 8.0.38 can lose journaled writes after SIGKILL
    // (SERVER-139311). Before you pin a new version, kill it under load (docs/security.md).
    repository: 'library/mongo',
    version: '7.0.43',
    digests: { '7.0.43': 'sha256:9854f7139445d766a9523571d6f047530c45547460ffcf8259eb2bf4264632ca' },
  },
  // The base of our own images (apps/Dockerfile).
  node: {
    repository: 'library/node',
    version: '24.21.0-bookworm-slim',
    digests: { '24.21.0-bookworm-slim': 'sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6' },
  },
  'kafka-ui': {
    registry: 'ghcr.io',
    repository: 'kafbat/kafka-ui',
    version: 'v1.5.0',
    digests: { 'v1.5.0': 'sha256:7cda86a33344160309fdb65146332e4da65db81a945614f2fe32e210803f6fd1' },
  },
  // Monitoring (components/monitoring).
  prometheus: {
    repository: 'prom/prometheus',
    version: 'v3.15.0',
    digests: { 'v3.15.0': 'sha256:efd719c99d83b060d9daefdcf00360461adf279f45ef5391f8d111892118753e' },
  },
  alertmanager: {
    repository: 'prom/alertmanager',
    version: 'v0.34.1',
    digests: { 'v0.34.1': 'sha256:e9733bafb1bdef9b00e25a21f8f99dc26a22224bf16641ad754d1649f4c3357a' },
  },
  grafana: {
    repository: 'grafana/grafana',
    version: '13.2.3',
    digests: { '13.2.3': 'sha256:b28bae15e219c998fb0e0424ed724930cc61b1f61fb404d47c862f9a23f9e572' },
  },
  loki: {
    repository: 'grafana/loki',
    version: '3.7.8',
    digests: { '3.7.8': 'sha256:1107dd5274e0ada47e42472b7a7e71f3b2a2fe878878108f3e2f9e51528f0193' },
  },
  alloy: {
    repository: 'grafana/alloy',
    version: 'v1.20.1',
    digests: { 'v1.20.1': 'sha256:2aa2099af76c0098d4af7a4d6e48f86cb66dc1a000222ad927a1c67c6542d13f' },
  },
  'redis-exporter': {
    repository: 'oliver006/redis_exporter',
    version: 'v1.84.0',
    digests: { 'v1.84.0': 'sha256:7ef8e9c26638158fa4e7ad60df8c7e53d1919986753d6c1d2d1876b6ec38d87b' },
  },
  'mongo-exporter': {
    repository: 'percona/mongodb_exporter',
    version: '0.51.0',
    digests: { '0.51.0': 'sha256:852b90b9f38ab489762b8a8b8c074ce852272c2495d725b922bdb5bc7d659e16' },
  },
  // Single sign-on (components/kubernetes/sign-on.ts).
  'oauth2-proxy': {
    registry: 'quay.io',
    repository: 'oauth2-proxy/oauth2-proxy',
    version: 'v7.15.5',
    digests: { 'v7.15.5': 'sha256:8498b0d0ef0a7b29686414000a08aee467f02d0299c9ed1e006a8f33fc017916' },
  },
  // The nodes of a k3d cluster.
  k3s: {
    repository: 'rancher/k3s',
    version: 'v1.34.9-k3s1',
    digests: { 'v1.34.9-k3s1': 'sha256:9c162556657a38e394d1f944081388ae7c0b85ec29134c509583083e287f804e' },
  },
  // The registry of a k3d cluster: k3d's own default.
  registry: {
    repository: 'library/registry',
    version: '2.8.3',
    digests: { '2.8.3': 'sha256:a3d8aaa63ed8681a604f1dea0aa03f100d5895b6a58ace528858a7b332415373' },
  },
  // Of `images:cache`. Version 2 pulls each image once more to keep it, beside what it serves.
  'image-cache': {
    repository: 'library/registry',
    version: '3.1.1',
    digests: { '3.1.1': 'sha256:1be55279f18a2fe1a74edf2664cac61c1bea305b7b4642dab412e7affdcb3e33' },
  },
} as const satisfies Record<string, OfficialImage>;

/** Name of an official image in this list. */
export type OfficialImageName = keyof typeof images;

/** The name that Docker uses: without Docker Hub's host, and without `library/`. */
function publicName({ registry, repository }: OfficialImage): string {
  if (registry !== undefined) return `${registry}/${repository}`;
  return repository.replace(/^library\//, '');
}

/**
 * The full name of an official image.
 *
 * @param config `images:mirror` replaces the registry's host, and official images of Docker Hub are
 * then under `library/`; without `images:digests`, the version alone identifies the image
 * @param version another version than the default, such as `kafka:version`
 * @returns `redis:8.2.8-bookworm@sha256:…`
 */
export function officialImage(
  name: OfficialImageName,
  config: StackConfig['images'],
  version: string = images[name].version,
): string {
  const image: OfficialImage = images[name];
  const where = config.mirror === undefined ? publicName(image) : `${config.mirror}/${image.repository}`;
  const digest = config.digests ? image.digests[version] : undefined;
  return `${where}:${version}${digest === undefined ? '' : `@${digest}`}`;
}

/** An image of the list, as a registry knows it. */
export interface PinnedImage {
  readonly name: OfficialImageName;
  /** Host of the registry. */
  readonly registry: string;
  readonly repository: string;
  readonly version: string;
}

/** Every image of the list with its default version. */
export const pinnedImages = (Object.entries(images) as [OfficialImageName, OfficialImage][]).map(
  ([name, { registry = 'docker.io', repository, version }]): PinnedImage => ({ name, registry, repository, version }),
);

/** Names of all images in the list. */
export const officialImageNames = Object.keys(images) as readonly OfficialImageName[];
