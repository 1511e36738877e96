// renovate.json reads every image and chart of the list, each once, with its version and digest,
// the tools of the hosted runner, and the Java servers of the local run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { pinnedCharts } from './charts.ts';
import { officialImage, pinnedImages } from './official-images.ts';

interface Manager {
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly packageNameTemplate?: string;
  readonly datasourceTemplate?: string;
}

const root = join(__dirname, '../..');
const { customManagers } = JSON.parse(readFileSync(join(root, 'renovate.json'), 'utf8')) as {
  readonly customManagers: readonly Manager[];
};

/** What Renovate finds in a file: `docker ghcr.io/x/y v1 sha256:…`. */
function foundIn(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return customManagers
    .filter(({ managerFilePatterns }) => managerFilePatterns.some((glob) => new RegExp(glob.slice(1, -1)).test(file)))
    .flatMap(({ matchStrings, packageNameTemplate, datasourceTemplate }) =>
      matchStrings.flatMap((pattern) =>
        [...text.matchAll(new RegExp(pattern, 'g'))].map(({ groups = {} }) => {
          const { depName = '', currentValue, currentDigest = '', datasource } = groups;
          const name = packageNameTemplate?.replace('{{{depName}}}', depName) ?? depName;
          return [datasourceTemplate ?? datasource, name, currentValue, currentDigest].join(' ').trim();
        }),
      ),
    );
}

test('every image and chart is found once', () => {
  const { images } = parseStackConfig({});
  const expected = [
    ...pinnedImages.map(({ name, registry, repository, version }) => {
      // The digest of an image with several is added by hand.
      const digest = name === 'kafka' ? '' : officialImage(name, images).split('@')[1];
      return `docker ${registry === 'docker.io' ? '' : `${registry}/`}${repository} ${version} ${digest}`.trim();
    }),
  ];
  expect([...foundIn('components/images/official-images.ts')].sort()).toEqual(expected.sort());
  expect(foundIn('components/images/charts.ts')).toEqual(
    pinnedCharts.map(({ name, version }) => `helm ${name} ${version}`),
  );
});

test('the Java servers of the local run are found', () => {
  expect(['kafka', 'elasticmq', 'jmeter'].flatMap((server) => foundIn(`local/install/${server}.ts`))).toEqual(
    [
      'org.apache.kafka:kafka_2.13',
      'org.apache.logging.log4j:log4j-core',
      'org.elasticmq:elasticmq-server_2.13',
      'org.apache.jmeter:ApacheJMeter_http',
    ].map((artifact) => expect.stringMatching(`^maven ${artifact} \\d+\\.\\d+\\.\\d+$`)),
  );
});

test('the tools of the hosted runner are found', () => {
  expect(foundIn('.ci/tools')).toEqual([
    expect.stringMatching(/^github-releases k3d-io\/k3d v\d+\.\d+\.\d+$/),
    expect.stringMatching(/^github-releases kubernetes\/kubernetes v\d+\.\d+\.\d+$/),
  ]);
});
