// `npm run versions`: the pinned images, charts and tools, and newer ones where their registries
// are in reach.
import { TOOLS, type Tool } from '../cluster/preflight.ts';
import { pinnedCharts } from './charts.ts';
import { chartVersionsOf, type Get, newerThan, releasesOf, tagsOf } from './newer.ts';
import { pinnedImages } from './official-images.ts';

/** Milliseconds that a registry may take for one answer. */
const TIMEOUT_MS = 15_000;

const get: Get = (url, headers = {}) => fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });

/** Where the tools are released. */
const PROJECTS: Readonly<Record<Tool, string>> = {
  aws: 'aws/aws-cli',
  docker: 'moby/moby',
  k3d: 'k3d-io/k3d',
  kubectl: 'kubernetes/kubernetes',
  pulumi: 'pulumi/pulumi',
};

interface Row {
  readonly what: string;
  readonly pinned: string;
  readonly published: () => Promise<readonly string[]>;
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
  ...(Object.keys(TOOLS) as Tool[]).map((tool) => ({
    what: `tool ${tool} (oldest)`,
    pinned: TOOLS[tool].oldest,
    published: () => releasesOf(get, PROJECTS[tool]),
  })),
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
for (const [what, pinned, newer] of [['what', 'pinned', 'newer'] as const, ...described])
  console.log(`${what.padEnd(26)} ${pinned.padEnd(24)} ${newer}`);
