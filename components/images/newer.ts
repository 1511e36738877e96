// Newer versions of what is pinned, from the registries' lists. Pure but for the calls that are
// passed in.
import semver from 'semver';
import { parse } from 'yaml';

/** What there is beside a pinned version. */
export interface Newer {
  /** Newest with the same major number; undefined: none is newer. */
  readonly sameMajor?: string;
  /** Newest of all; undefined: none is newer. */
  readonly newest?: string;
}

/** The numbers of a version: `[8, 2, 8]` of `8.2.8-bookworm`. */
const numbersOf = (version: string): readonly number[] => (version.match(/\d+/g) ?? []).map(Number);

/** What a version looks like, numbers aside: variants such as `-alpine` are other images. */
const shapeOf = (version: string): string => version.replace(/\d+/g, '#');

function compare(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const index = left.findIndex((number, at) => number !== right[at]);
  return index < 0 ? 0 : left[index]! - (right[index] ?? -1);
}

/** @param published versions, or tags of an image, in any order */
export function newerThan(version: string, published: readonly string[]): Newer {
  const newer = published
    .filter((other) => shapeOf(other) === shapeOf(version) && compare(other, version) > 0)
    .sort(compare);
  const sameMajor = newer.filter((other) => numbersOf(other)[0] === numbersOf(version)[0]).at(-1);
  return { ...(sameMajor && { sameMajor }), ...(newer.length > 0 && { newest: newer.at(-1)! }) };
}

/** GET that resolves with the answer whatever its status is. */
export type Get = (url: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;

/** The answer, if it is one. */
async function ask(get: Get, url: string, headers?: Readonly<Record<string, string>>): Promise<Response> {
  return checked(url, await get(url, headers));
}

function checked(url: string, response: Response): Response {
  if (response.ok) return response;
  throw new Error(`${new URL(url).host} answers ${response.status}`);
}

/** Docker Hub's API has another host than its images. */
const hostOf = (registry: string): string => (registry === 'docker.io' ? 'registry-1.docker.io' : registry);

/** Asks for a token as the registry says, if it wants one. */
async function tokenFor(get: Get, challenge: string): Promise<string> {
  const value = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
  const url = new URL(value('realm'));
  url.search = new URLSearchParams({ service: value('service'), scope: value('scope') }).toString();
  const answer = (await (await ask(get, url.href)).json()) as { token?: string; access_token?: string };
  return answer.token ?? answer.access_token ?? '';
}

/** All tags of an image, by the registry's own API. @throws Error when it does not answer */
export async function tagsOf(get: Get, registry: string, repository: string): Promise<readonly string[]> {
  const tags: string[] = [];
  let headers: Readonly<Record<string, string>> = {};
  let next: URL | undefined = new URL(`https://${hostOf(registry)}/v2/${repository}/tags/list?n=1000`);
  while (next !== undefined) {
    let response: Response = await get(next.href, headers);
    if (response.status === 401) {
      headers = {
        authorization: `Bearer ${await tokenFor(get, response.headers.get('www-authenticate') ?? '')}`,
      };
      response = await get(next.href, headers);
    }
    const link: string | undefined = /<([^>]+)>;\s*rel="?next/.exec(response.headers.get('link') ?? '')?.[1];
    const page = (await checked(next.href, response).json()) as { tags: string[] | null };
    tags.push(...(page.tags ?? []));
    next = link === undefined ? undefined : new URL(link, next);
  }
  return tags;
}

/** Versions of a chart in a Helm repository. @throws Error when it does not answer */
export async function chartVersionsOf(get: Get, repository: string, chart: string): Promise<readonly string[]> {
  const response = await ask(get, `${repository}/index.yaml`);
  const index = parse(await response.text()) as { entries: Record<string, readonly { version: string }[]> };
  return (index.entries[chart] ?? []).map(({ version }) => version);
}

/** Versions of `group:artifact` in Maven's central repository. @throws Error when it does not answer */
export async function jarVersionsOf(get: Get, artifact: string): Promise<readonly string[]> {
  const [group = '', name = ''] = artifact.split(':');
  const response = await ask(
    get,
    `https://repo1.maven.org/maven2/${group.replaceAll('.', '/')}/${name}/maven-metadata.xml`,
  );
  return [...(await response.text()).matchAll(/<version>([^<]+)<\/version>/g)].flatMap(([, version]) => version ?? []);
}

/** The releases of a project on GitHub, drafts and candidates aside. @throws Error when it does not answer */
export async function releasesOf(get: Get, project: string): Promise<readonly string[]> {
  const response = await ask(get, `https://api.github.com/repos/${project}/releases?per_page=100`);
  const releases = (await response.json()) as readonly { tag_name: string; prerelease: boolean; draft: boolean }[];
  return releases
    .filter(({ prerelease, draft }) => !prerelease && !draft)
    .flatMap(({ tag_name }) => semver.coerce(tag_name.replace(/^docker-/, ''))?.version ?? []);
}
