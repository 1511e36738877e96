// `npm run versions`: the pinned images, charts, jars and tools, and newer ones where their
// registries are in reach. `npm outdated` does the same for npm packages.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedCharts } from './charts.ts';
import { chartVersionsOf, type Get, jarVersionsOf, newerThan, releasesOf, tagsOf } from './newer.ts';
import { pinnedImages } from './official-images.ts';

/** Milliseconds that a registry may take for one answer. */
const TIMEOUT_MS = 15_000;

const get: Get = (url, headers = {}) => fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

interface Row {
  readonly what: string;
  readonly pinned: string;
  readonly published: () => Promise<readonly string[]>;
}

/** Versions below a comment that Renovate reads, too (renovate.json). */
function markedVersions(): readonly Row[] {
  const servers = readdirSync(join(root, 'local/install')).map((file) => join('local/install', file));
  const text = ['.ci/tools', ...servers].map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const marked = /renovate: datasource=(\S+) depName=(\S+)\n(?:const )?\w+ ?= ?'?v?([^\s';]+)/g;
  return [...text.matchAll(marked)].map(([, source, name = '', pinned = '']) => ({
    what: source === 'maven' ? `jar ${name}` : `tool ${name}`,
    pinned,
    published: () => (source === 'maven' ? jarVersionsOf(get, name) : releasesOf(get, name)),
  }));
}

const rows: readonly Row[] = [
  ...pinnedImages.map(({ name, registry, repository, version }) => ({
    what: `image ${name}`,
    pinned: version,
    published: () => tagsOf(get, registry, repository),
  })),
  ...pinnedCharts.map(({ name, version, repository }) => ({
    what: `chart ${name}`,
    pinned: version,
    published: () => chartVersionsOf(get, repository, name),
  })),
  ...markedVersions(),
  {
    what: 'tool pulumi',
    pinned: manifest.dependencies['@pulumi/pulumi'],
    published: () => releasesOf(get, 'pulumi/pulumi'),
  },
];

/** Why a registry did not answer: `fetch failed` has it in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

async function describe({ pinned, published }: Row): Promise<string> {
  try {
    const { sameMajor, newest } = newerThan(pinned, await published());
    if (newest === undefined) return 'newest';
    return sameMajor === undefined || sameMajor === newest ? newest : `${sameMajor}, ${newest}`;
  } catch (error) {
    return `unknown: ${reasonOf(error)}`;
  }
}

const described = await Promise.all(rows.map(async (row) => [row.what, row.pinned, await describe(row)] as const));
const table = [['what', 'pinned', 'newer'] as const, ...described];
const width = (column: 0 | 1) => Math.max(...table.map((row) => row[column].length));
for (const [what, pinned, newer] of table)
  console.log(`${what.padEnd(width(0))}  ${pinned.padEnd(width(1))}  ${newer}`);
console.log('npm packages: npm outdated; npm outdated --prefix apps');
