// Which versions are newer, and how registries are asked.
import { describe, expect, test } from '@jest/globals';
import { chartVersionsOf, type Get, jarVersionsOf, newerThan, releasesOf, tagsOf } from './newer.ts';

test.each([
  [
    '8.2.8-bookworm',
    ['8.2.9-bookworm', '8.10.0-bookworm', '9.0.0-bookworm', '9.9.9-alpine', '9.9.9', 'latest'],
    '8.10.0-bookworm',
    '9.0.0-bookworm',
  ],
  [
    'v1.34.9-k3s1',
    ['v1.34.9-k3s2', 'v1.35.1-k3s1', 'v1.36.0-rc1-k3s1', 'v1.34.9-k3s1-amd64'],
    'v1.35.1-k3s1',
    'v1.35.1-k3s1',
  ],
  ['7.0.43', ['6.0.99', '7.0.43', '7.0.9', '8.0.1', '8.0', '8'], undefined, '8.0.1'],
  ['v3.15.0', ['v3.15.0', '3.16.0', 'v3.9.1'], undefined, undefined],
])('newer than %s', (version, published, sameMajor, newest) => {
  expect(newerThan(version, published)).toEqual({ ...(sameMajor && { sameMajor }), ...(newest && { newest }) });
});

/** Answers by URL; notes what was asked. */
function registry(answers: Readonly<Record<string, (authorization?: string) => Response>>) {
  const asked: string[] = [];
  const get: Get = async (url, headers) => {
    asked.push(url);
    return answers[url]?.(headers?.authorization) ?? new Response('', { status: 404 });
  };
  return { get, asked };
}

describe('a registry', () => {
  const list = 'https://registry-1.docker.io/v2/library/redis/tags/list?n=1000';
  const more = 'https://registry-1.docker.io/v2/library/redis/tags/list?n=1000&last=b';
  const realm = 'https://auth.example/token';
  const challenge = `Bearer realm="${realm}",service="hub",scope="repository:library/redis:pull"`;
  const paged = (tags: string[], next?: string) => (authorization?: string) =>
    authorization === 'Bearer secret'
      ? Response.json({ tags }, { headers: next === undefined ? {} : { link: `<${next}>; rel="next"` } })
      : new Response('', { status: 401, headers: { 'www-authenticate': challenge } });

  test('that wants a token gets one, and all its pages are read', async () => {
    const { get, asked } = registry({
      [list]: paged(['a', 'b'], new URL(more).pathname + new URL(more).search),
      [more]: paged(['c']),
      [`${realm}?service=hub&scope=repository%3Alibrary%2Fredis%3Apull`]: () => Response.json({ token: 'secret' }),
    });
    expect(await tagsOf(get, 'docker.io', 'library/redis')).toEqual(['a', 'b', 'c']);
    expect(asked).toHaveLength(4);
  });

  test('that refuses is an error', async () => {
    await expect(tagsOf(registry({}).get, 'ghcr.io', 'x/y')).rejects.toThrow('answers 404');
  });
});

test('a chart repository', async () => {
  const index = 'entries:\n  keda:\n    - version: 2.20.2\n    - version: 2.21.0\n';
  const { get } = registry({ 'https://charts.example/index.yaml': () => new Response(index) });
  expect(await chartVersionsOf(get, 'https://charts.example', 'keda')).toEqual(['2.20.2', '2.21.0']);
});

test('releases on GitHub, without candidates', async () => {
  const release = (tag_name: string, prerelease = false) => ({ tag_name, prerelease, draft: false });
  const { get } = registry({
    'https://api.github.com/repos/moby/moby/releases?per_page=100': () =>
      Response.json([release('docker-v29.1.0'), release('v29.0.0-rc.1', true), release('v28.5.2')]),
  });
  expect(await releasesOf(get, 'moby/moby')).toEqual(['29.1.0', '28.5.2']);
});

test("Maven's repository", async () => {
  const metadata = 'https://repo1.maven.org/maven2/org/elasticmq/elasticmq-server_2.13/maven-metadata.xml';
  const { get } = registry({
    [metadata]: () =>
      new Response('<release>1.7.1</release><versions><version>1.7.0</version><version>1.7.1</version></versions>'),
  });
  expect(await jarVersionsOf(get, 'org.elasticmq:elasticmq-server_2.13')).toEqual(['1.7.0', '1.7.1']);
});
