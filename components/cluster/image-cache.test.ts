// The caches of public images: made once, started again, left alone.
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { officialImage, officialImageNames } from '../images/official-images.ts';
import { type Answer, failed, fakeRun, linesOf } from './cluster.testing.ts';
import { ensureImageCaches, IMAGE_CACHES, type ImageCache } from './image-cache.ts';

const cache: ImageCache = { registry: 'r.example', remote: 'https://pull.r.example', container: 'k3d-cache-r' };
const LOOK = 'docker ps --all --filter name=^k3d-cache-r$ --format={{.State}}';
const ensure = async (answers: Readonly<Record<string, Answer>>) => {
  const { run, calls } = fakeRun(answers);
  await ensureImageCaches(run, 'registry:2.8.3', [cache]);
  return linesOf(calls);
};

describe('a cache', () => {
  test('that is missing is made: for this machine only, with a volume that outlives it', async () => {
    expect(await ensure({})).toEqual([
      LOOK,
      'k3d registry create cache-r --image=registry:2.8.3 --proxy-remote-url=https://pull.r.example --volume=k3d-cache-r:/var/lib/registry --port=127.0.0.1:0 --no-help',
    ]);
  });

  test('that runs is left alone', async () => {
    expect(await ensure({ [LOOK]: 'running\n' })).toEqual([LOOK]);
  });

  test.each(['exited', 'created'])('that is %s is started', async (state) => {
    expect(await ensure({ [LOOK]: `${state}\n` })).toEqual([LOOK, 'docker start k3d-cache-r']);
  });

  test('that cannot be made fails the cluster, with the reason', async () => {
    await expect(ensure({ 'k3d registry create': failed('no such host') })).rejects.toThrow('no such host');
  });
});

test('every public image is from a registry with a cache', () => {
  const hostOf = (image: string) => /^([^/]+\.[^/]+)\//.exec(image)?.[1] ?? 'docker.io';
  const hosts = officialImageNames.map((name) => hostOf(officialImage(name, parseStackConfig({}).images)));
  expect(IMAGE_CACHES.map(({ registry }) => registry)).toEqual(expect.arrayContaining(hosts));
});
