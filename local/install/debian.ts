// Programs and libraries from the system's package mirror, unpacked beside our data: nothing is
// installed, and no root is needed.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, runWithin } from '../../tooling/run.ts';
import { ServerUnavailableError } from '../errors.ts';
import { waitForLock } from '../lock.ts';
import { formatDeb822, parseDeb822, parseSourcesList, sourcesForSuite } from './apt-sources.ts';
import { DEFAULT_CACHE_DIR, type InstallOptions } from './options.ts';

const listsAreFreshForMs = 24 * 3600_000;
/** A mirror that has stalled is given up after this long, and named. */
const runApt = runWithin(10 * 60_000);

/** An unpacked set of packages with a C library and loader of its own. */
interface DebianTree {
  /** The tree's root; programs are in `usr/bin` below it. */
  root: string;
  /** The suite that it came from, like `trixie`. */
  suite: string;
  /**
   * Command and first arguments that run `program` (an absolute path) with the tree's own
   * libraries.
   */
  command(program: string): string[];
}

interface DebianOptions extends Pick<InstallOptions, 'cacheDir' | 'log'> {
  /** Name of the set, and of its folder in the cache. */
  readonly label: string;
  /** Packages wanted; the libraries they depend on come along. */
  readonly packages: readonly string[];
}

/** The suites for older systems: these have glibc 2.38 or later and Redis 7 or later. */
const newerSuites: Record<string, { suite: string; version: number }> = {
  debian: { suite: 'trixie', version: 13 },
  ubuntu: { suite: 'noble', version: 24.04 },
};

/** Which suite to take packages from, given the text of /etc/os-release. */
export function chooseSuite(osRelease: string): { current: string; wanted: string } | undefined {
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1];
  const current = field('VERSION_CODENAME');
  if (!current) return undefined;
  const newer = newerSuites[field('ID') ?? ''];
  return { current, wanted: newer && Number(field('VERSION_ID')) < newer.version ? newer.suite : current };
}

/**
 * Fetches and unpacks packages once; later calls, also from other processes at the same time, find
 * them.
 *
 * @throws ServerUnavailableError where there is no apt or the mirror doesn't give them
 */
export async function debianTree(options: DebianOptions): Promise<DebianTree> {
  const { label, packages, cacheDir = DEFAULT_CACHE_DIR, log = () => {} } = options;
  const suites = chooseSuite(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  if (!suites || !existsSync('/usr/bin/apt-get')) {
    throw new ServerUnavailableError(`no apt on this system to fetch ${packages.join(', ')} with`);
  }
  const root = join(cacheDir, `${label}-${suites.wanted}-${process.arch}`);
  if (!existsSync(root)) {
    await mkdir(cacheDir, { recursive: true });
    const lock = await waitForLock(join(cacheDir, 'apt.lock'), (holder) =>
      log(`waiting for ${holder}, which is fetching`),
    );
    try {
      if (!existsSync(root)) await fetchTree(root, suites, { packages, cacheDir, log });
    } finally {
      lock.release();
    }
  }
  return describeTree(root, suites.wanted);
}

async function fetchTree(
  root: string,
  suites: { current: string; wanted: string },
  { packages, cacheDir, log }: { packages: readonly string[]; cacheDir: string; log: (line: string) => void },
) {
  const temporary = await mkdtemp(join(cacheDir, 'unpack-'));
  try {
    const config = await writeAptState(join(cacheDir, 'apt'), suites);
    const env = { APT_CONFIG: config, LC_ALL: 'C' };
    if (!(await listsAreFresh(cacheDir, suites.wanted))) {
      log(`reading the package lists of ${suites.wanted} (about 10 MB)`);
      await runApt('apt-get', ['-q', 'update', '-o', 'APT::Update::Error-Mode=any'], { env });
    }
    const simulated = await runApt('apt-get', ['-s', '--no-install-recommends', 'install', ...packages], { env });
    const wanted = libraryClosure(simulated, packages);
    log(`fetching ${packages.slice(0, 1)} and ${wanted.length - 1} more packages of ${suites.wanted}`);
    const archives = join(temporary, 'archives');
    const unpacked = join(temporary, 'root');
    await mkdir(archives);
    await runApt('apt-get', ['-q', 'download', ...wanted], { env, cwd: archives });
    for (const archive of await readdir(archives)) await run('dpkg-deb', ['-x', join(archives, archive), unpacked]);
    await rename(unpacked, root);
  } catch (error) {
    await rm(join(cacheDir, 'apt'), { recursive: true, force: true }); // the lists may be the cause
    throw new ServerUnavailableError(
      `could not fetch ${packages.join(', ')} of ${suites.wanted} from this system's package mirror: ` +
        `${(error as Error).message}. Check that 'apt-get update' works, and for a missing key that ` +
        'debian-archive-keyring is up to date.',
      { cause: error },
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * The packages to fetch, from the text of a simulated install: the requested ones and all shared
 * libraries.
 */
export function libraryClosure(simulated: string, asked: readonly string[]): string[] {
  const all = [...simulated.matchAll(/^Inst (\S+) /gm)].map((match) => match[1]!);
  return all.filter((name) => asked.includes(name) || /^(lib|zlib)/.test(name));
}

/**
 * An apt configuration with a state of its own and the system's mirror, keys, proxy and
 * credentials.
 */
async function writeAptState(state: string, suites: { current: string; wanted: string }): Promise<string> {
  const files = async (folder: string, extension: string): Promise<string[]> =>
    (await readdir(folder).catch(() => []))
      .filter((name) => name.endsWith(extension))
      .map((name) => join(folder, name));
  const texts = (paths: string[]) => Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
  const lists = await texts(['/etc/apt/sources.list', ...(await files('/etc/apt/sources.list.d', '.list'))]);
  const stanzas = await texts(await files('/etc/apt/sources.list.d', '.sources'));
  const sources = sourcesForSuite(
    [...lists.flatMap(parseSourcesList), ...stanzas.flatMap(parseDeb822)],
    suites.current,
    suites.wanted,
  );
  if (sources.length === 0) throw new Error(`apt's sources name no archive for ${suites.current}`);

  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(state, 'archives', 'partial'), { recursive: true });
  await writeFile(join(state, 'status'), ''); // as if nothing were installed: the tree must be complete
  await writeFile(join(state, 'wanted.sources'), formatDeb822(sources));
  const system = (await run('apt-config', ['dump'])).split('\n');
  const kept = system.filter((line) => /^Acquire::/.test(line) && !/^Acquire::(IndexTargets|Changelogs)/.test(line));
  const config = join(state, 'apt.conf');
  await writeFile(
    config,
    [
      ...kept,
      'Acquire::Languages "none";',
      'Acquire::Retries "3";',
      'Acquire::http::Timeout "20";', // seconds in which nothing came
      'Acquire::https::Timeout "20";',
      'APT::Sandbox::User "root";', // root drops to a user who may not be able to read our folder
      'Dir::Etc::main "/dev/null";',
      'Dir::Etc::parts "/dev/null";', // no hooks of the system's apt
      'Dir::Etc::preferencesparts "/dev/null";',
      'Dir::Etc::preferences "/dev/null";',
      `Dir::Etc::sourcelist "${join(state, 'wanted.sources')}";`,
      'Dir::Etc::sourceparts "/dev/null";',
      `Dir::State "${state}";`,
      `Dir::State::lists "${join(state, 'lists')}";`,
      `Dir::State::status "${join(state, 'status')}";`,
      `Dir::Cache "${state}";`,
      'Dir::Cache::pkgcache "";',
      'Dir::Cache::srcpkgcache "";',
      `Dir::Cache::archives "${join(state, 'archives')}";`,
      '',
    ].join('\n'),
  );
  return config;
}

async function listsAreFresh(cacheDir: string, suite: string): Promise<boolean> {
  const folder = join(cacheDir, 'apt', 'lists');
  const release = (await readdir(folder)).find((name) => name.endsWith(`_${suite}_InRelease`));
  const binary = (await readdir(folder)).some((name) => name.includes(`_${suite}_`) && name.includes('_Packages'));
  if (!release || !binary) return false;
  return Date.now() - (await stat(join(folder, release))).ctimeMs < listsAreFreshForMs;
}

async function describeTree(root: string, suite: string): Promise<DebianTree> {
  const libraries = join(root, 'usr', 'lib');
  const triplet = (await readdir(libraries)).find((name) => name.endsWith('-linux-gnu'));
  const folders = [...(triplet ? [join(libraries, triplet)] : []), libraries];
  const names = await Promise.all(
    folders.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))),
  );
  const loader = names.flat().find((path) => /\/ld-linux-[\w-]+\.so\.\d+$/.test(path));
  if (!loader) throw new ServerUnavailableError(`${root} holds no loader; remove it, and it is fetched again`);
  return { root, suite, command: (program) => [loader, '--library-path', folders.join(':'), program] };
}
