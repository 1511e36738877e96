// Java servers: the machine's Java, and jars that Maven resolves into the cache.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../../tooling/programs.ts';
import { run } from '../../tooling/run.ts';
import { ServerUnavailableError } from '../errors.ts';
import { waitForLock } from '../lock.ts';
import { DEFAULT_CACHE_DIR, type InstallOptions } from './options.ts';

const LEAST_JAVA = 17;

export interface Java {
  readonly program: string;
  /** What `java -version` prints. */
  readonly version: string;
  /** `Java 17` */
  readonly label: string;
}

/** @param server what needs it, for the message @throws ServerUnavailableError without Java 17 */
export async function findJava(server: string, env: NonNullable<InstallOptions['env']>): Promise<Java> {
  const program = (env.JAVA_HOME && findProgram('java', join(env.JAVA_HOME, 'bin'))) || findProgram('java', env.PATH);
  if (!program) throw new ServerUnavailableError(`no Java on the PATH: ${server} needs Java ${LEAST_JAVA} or later`);
  let version = ''; // printed to the standard error
  await run(program, ['-version'], { onOutput: (text) => (version += text) }).catch(() => undefined);
  const major = javaMajor(version);
  if (major === undefined || major < LEAST_JAVA)
    throw new ServerUnavailableError(
      `${program} is Java ${major ?? 'of no known version'}: ${server} needs ${LEAST_JAVA} or later`,
    );
  return { program, version, label: `Java ${major}` };
}

/** The major version in what `java -version` prints: 8 for 1.8.0, 17 for 17.0.15. */
export function javaMajor(text: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(text);
  return match ? Number(match[1]) : undefined;
}

/** A server as jars. */
export interface MavenServer {
  /** `Kafka` */
  readonly name: string;
  /** Pinned. */
  readonly version: string;
  /** Size of all jars, for the message. */
  readonly megabytes: number;
  /** The jars, `group:artifact:version`; Maven adds what they depend on. */
  readonly artifacts: readonly string[];
  /** One of them whose content the server reads from the folder. @default none */
  readonly unpack?: string;
}

/**
 * The folder with the server's jars, fetched once; other processes wait meanwhile.
 *
 * @throws ServerUnavailableError without Maven or its repository
 */
export async function mavenLibs(server: MavenServer, options: InstallOptions): Promise<string> {
  const { cacheDir = DEFAULT_CACHE_DIR, env = {}, log = () => {} } = options;
  const name = server.name.toLowerCase();
  const libs = join(cacheDir, `${name}-${server.version}`);
  if (existsSync(libs)) return libs;
  const maven = findProgram('mvn', env.PATH);
  if (!maven)
    throw new ServerUnavailableError(
      `no ${server.name} and no Maven on the PATH: install Maven, or ${server.name} ${server.version}`,
    );
  await mkdir(cacheDir, { recursive: true });
  const lock = await waitForLock(join(cacheDir, `${name}.lock`), (holder) =>
    log(`waiting for ${holder}, which is fetching`),
  );
  try {
    if (!existsSync(libs)) await fetchWithMaven(maven, server, libs, cacheDir, log);
    return libs;
  } finally {
    lock.release();
  }
}

async function fetchWithMaven(
  maven: string,
  server: MavenServer,
  libs: string,
  cacheDir: string,
  log: (line: string) => void,
) {
  const { name, version, megabytes, unpack } = server;
  const temporary = await mkdtemp(join(cacheDir, 'maven-'));
  try {
    log(`fetching ${name} ${version} with Maven (${megabytes} MB)`);
    await writeFile(join(temporary, 'pom.xml'), pomOf(server));
    const target = join(temporary, 'libs');
    const into = async (...goal: string[]) =>
      run(maven, ['-q', '-B', '-f', join(temporary, 'pom.xml'), ...goal, `-DoutputDirectory=${target}`]);
    await into('dependency:copy-dependencies', '-DincludeScope=runtime');
    if (unpack) await into('dependency:unpack-dependencies', `-DincludeArtifactIds=${unpack}`);
    await rename(target, libs);
  } catch (error) {
    throw new ServerUnavailableError(
      `could not fetch ${name} ${version} with Maven: ${(error as Error).message}. Check that 'mvn' reaches its repository.`,
      { cause: error },
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function pomOf({ name, artifacts }: MavenServer): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, id, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>breakwater</groupId><artifactId>${name.toLowerCase()}</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.join('')}</dependencies>
</project>
`;
}
