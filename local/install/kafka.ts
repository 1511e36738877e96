// Where Kafka comes from: its jars from the PATH or from Maven's repository, and the machine's Java
// to run them with.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProgram } from '../../tooling/programs.ts';
import { run } from '../../tooling/run.ts';
import { ServerUnavailableError } from '../errors.ts';
import { waitForLock } from '../lock.ts';
import { DEFAULT_CACHE_DIR, type InstallOptions } from './options.ts';

/** Environment variable with the addresses of brokers to use instead of starting them. */
export const kafkaVariable = 'BREAKWATER_KAFKA_BROKERS';

/** Pinned: the version whose jars are taken from Maven's repository. */
const KAFKA_VERSION = '4.3.1';
const LEAST_JAVA = 17;

/** Jars that a broker runs from, resolved by Maven with what they depend on. */
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>breakwater</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.25.4</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
  </dependencies>
</project>
`;

export interface Java {
  readonly program: string;
  /** What `java -version` prints. */
  readonly version: string;
  /** `Java 17` */
  readonly label: string;
}

/** Kafka as it was found or fetched. */
export interface KafkaJars {
  readonly java: Java;
  /** Folder of the jars. */
  readonly libs: string;
  /** Their names, sorted. */
  readonly jars: readonly string[];
  /** One line: which was chosen and why. */
  readonly origin: string;
}

/**
 * Finds Kafka, or fetches it once; later calls, also from other processes at the same time, find
 * what was fetched.
 *
 * @throws ServerUnavailableError without Java 17, or without Kafka and Maven
 */
export async function installKafka(options: InstallOptions): Promise<KafkaJars> {
  const { cacheDir = DEFAULT_CACHE_DIR, log = () => {}, env = {} } = options;
  const java = await findJava(env);
  const found = await kafkaOnPath(env.PATH);
  const libs = found ?? (await mavenLibs(cacheDir, env, log));
  return {
    java,
    libs,
    jars: (await readdir(libs)).filter((name) => name.endsWith('.jar')).sort(),
    origin: found
      ? `Kafka: ${found}, found by the PATH, with ${java.label}`
      : `Kafka: ${KAFKA_VERSION} from its jars, with ${java.label} (no kafka-server-start.sh on the PATH)`,
  };
}

async function findJava(env: NonNullable<InstallOptions['env']>): Promise<Java> {
  const program = (env.JAVA_HOME && findProgram('java', join(env.JAVA_HOME, 'bin'))) || findProgram('java', env.PATH);
  if (!program) throw new ServerUnavailableError('no Java on the PATH: Kafka needs Java 17 or later');
  let version = ''; // printed to the standard error
  await run(program, ['-version'], { onOutput: (text) => (version += text) }).catch(() => undefined);
  const major = javaMajor(version);
  if (major === undefined || major < LEAST_JAVA)
    throw new ServerUnavailableError(`${program} is Java ${major ?? 'of no known version'}: Kafka needs 17 or later`);
  return { program, version, label: `Java ${major}` };
}

/** The major version in what `java -version` prints: 8 for 1.8.0, 17 for 17.0.15. */
export function javaMajor(text: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(text);
  return match ? Number(match[1]) : undefined;
}

/** The jars of a Kafka 4 or later whose start script is on the PATH. */
async function kafkaOnPath(path: string | undefined): Promise<string | undefined> {
  const script = findProgram('kafka-server-start.sh', path) ?? findProgram('kafka-server-start', path);
  if (!script) return undefined;
  const folder = dirname(await realpath(script));
  for (const libs of [join(folder, '..', 'libs'), join(folder, '..', 'libexec', 'libs')]) {
    const names = await readdir(libs).catch(() => []);
    if (names.some((name) => /^kafka_2\.13-([4-9]|\d\d)\./.test(name))) return libs;
  }
  return undefined;
}

async function mavenLibs(
  cacheDir: string,
  env: NonNullable<InstallOptions['env']>,
  log: (line: string) => void,
): Promise<string> {
  const libs = join(cacheDir, `kafka-${KAFKA_VERSION}`);
  if (existsSync(libs)) return libs;
  const maven = findProgram('mvn', env.PATH);
  if (!maven)
    throw new ServerUnavailableError(`no Kafka and no Maven on the PATH: install Maven, or Kafka ${KAFKA_VERSION}`);
  await mkdir(cacheDir, { recursive: true });
  const lock = await waitForLock(join(cacheDir, 'kafka.lock'), (holder) =>
    log(`waiting for ${holder}, which is fetching`),
  );
  try {
    if (!existsSync(libs)) await fetchWithMaven(maven, libs, cacheDir, log);
    return libs;
  } finally {
    lock.release();
  }
}

async function fetchWithMaven(maven: string, libs: string, cacheDir: string, log: (line: string) => void) {
  const temporary = await mkdtemp(join(cacheDir, 'maven-'));
  try {
    log(`fetching Kafka ${KAFKA_VERSION} with Maven (44 MB)`);
    await writeFile(join(temporary, 'pom.xml'), POM);
    const target = join(temporary, 'libs');
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${target}`];
    await run(maven, ['-q', '-B', '-f', join(temporary, 'pom.xml'), ...goal]);
    await rename(target, libs);
  } catch (error) {
    throw new ServerUnavailableError(
      `could not fetch Kafka ${KAFKA_VERSION} with Maven: ${(error as Error).message}. Check that 'mvn' reaches its repository.`,
      { cause: error },
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
