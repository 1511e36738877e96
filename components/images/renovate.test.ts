// renovate.json reads every image and chart of the list, each once, with its version and digest.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { chartVersions, officialImage, pinnedImages } from './official-images.ts';

interface Manager {
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly packageNameTemplate?: string;
  readonly datasourceTemplate: string;
}

const root = join(__dirname, '../..');
const source = 'components/images/official-images.ts';
const text = readFileSync(join(root, source), 'utf8');
const { customManagers } = JSON.parse(readFileSync(join(root, 'renovate.json'), 'utf8')) as {
  readonly customManagers: readonly Manager[];
};

/** What Renovate finds: `docker ghcr.io/x/y v1 sha256:…`. */
const found = customManagers.flatMap((manager) =>
  manager.matchStrings.flatMap((pattern) =>
    [...text.matchAll(new RegExp(pattern, 'g'))].map(({ groups = {} }) => {
      const { depName = '', currentValue, currentDigest = '' } = groups;
      const name = manager.packageNameTemplate?.replace('{{{depName}}}', depName) ?? depName;
      return [manager.datasourceTemplate, name, currentValue, currentDigest].join(' ').trim();
    }),
  ),
);

test('every image and chart is found once', () => {
  const { images } = parseStackConfig({});
  const expected = [
    ...pinnedImages.map(({ name, registry, repository, version }) => {
      // The digest of an image with several is added by hand.
      const digest = name === 'kafka' ? '' : officialImage(name, images).split('@')[1];
      return `docker ${registry === 'docker.io' ? '' : `${registry}/`}${repository} ${version} ${digest}`.trim();
    }),
    ...Object.entries(chartVersions).map(([chart, version]) => `helm ${chart} ${version}`),
  ];
  expect([...found].sort()).toEqual(expected.sort());
});

test('in the file where they are', () => {
  for (const { managerFilePatterns } of customManagers)
    expect(managerFilePatterns.every((pattern) => new RegExp(pattern.slice(1, -1)).test(source))).toBe(true);
});
