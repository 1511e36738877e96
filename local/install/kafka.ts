// Kafka's program: its jars and the Java to run them with, and what makes a broker start fast, made once and kept.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../../tooling/ports.ts';
import { spawnGuarded, waitUntilReady } from '../../tooling/process/guarded.ts';
import { ServerUnavailableError } from '../errors.ts';
import { waitForLock } from '../lock.ts';
import { brokerSettings, formatProperties } from '../servers/kafka-settings.ts';
import { liveBrokers } from '../servers/kafka-wire.ts';
import type { ServerOptions } from '../servers/server.ts';
import { defaultCacheDir, findProgram } from './paths.ts';

const run = promisify(execFile);

/** Pinned: the version whose jars are taken from Maven's repository. */
export const kafkaVersion = '4.3.1';
const leastJava = 17;

/** Jars that a broker runs from, resolved by Maven with what they depend on. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>breakwater</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.25.4</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
  </dependencies>
</project>
`;

/** Warnings and errors, and the two lines that say a broker came or went. */
const logging = `rootLogger.level = warn
rootLogger.appenderRef.out.ref = OUT
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c)%n
`;

/** Kafka as it is found or installed. */
export interface KafkaProgram {
  origin: string;
  /** Storage's first metadata, copied into each new broker's directory. */
  bootstrapFile: string;
  /** Command and arguments that run a broker with the settings file. */
  command(settingsFile: string, heapMiB: number): string[];
}

type InstallOptions = Pick<ServerOptions, 'cacheDir' | 'log' | 'env'>;

/**
 * Finds Kafka on the PATH, or gets its jars with Maven; the first time it also makes the class archive (about 10 s).
 * @throws ServerUnavailableError without Java 17 or later, or without both Kafka and Maven
 */
export async function installKafka(options: InstallOptions): Promise<KafkaProgram> {
  const { cacheDir = defaultCacheDir, log = () => {}, env = {} } = options;
  const java = await findJava(env);
  const found = await kafkaOnPath(env.PATH);
  await mkdir(cacheDir, { recursive: true });
  const lock = await waitForLock(join(cacheDir, 'kafka.lock'), (holder) =>
    log(`waiting for ${holder}, which is fetching`),
  );
  try {
    const libs = found ?? (await mavenLibs(cacheDir, env, log));
    const jars = (await readdir(libs)).filter((name) => name.endsWith('.jar')).sort();
    const key = createHash('sha256')
      .update([java.program, java.version, libs, ...jars].join('\n'))
      .digest('hex')
      .slice(0, 12);
    const folder = join(cacheDir, `kafka-ready-${key}`);
    const classpath = jars.map((jar) => join(libs, jar)).join(':');
    if (!existsSync(folder)) await prepare(folder, java.program, classpath, log);
    return {
      origin: found
        ? `Kafka: ${found}, found by the PATH, with ${java.label}`
        : `Kafka: ${kafkaVersion} from its jars, with ${java.label} (no kafka-server-start.sh on the PATH)`,
      bootstrapFile: join(folder, 'bootstrap.checkpoint'),
      command: (settingsFile, heapMiB) => [
        java.program,
        ...javaOptions(folder, heapMiB),
        `-XX:SharedArchiveFile=${join(folder, 'classes.jsa')}`,
        ...['-cp', classpath, 'kafka.Kafka', settingsFile],
      ],
    };
  } finally {
    lock.release();
  }
}

function javaOptions(folder: string, heapMiB: number): string[] {
  return [
    ...[`-Xmx${heapMiB}m`, '-Xms64m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError', '-Djava.awt.headless=true'],
    ...['-Xshare:auto', '-Xlog:disable', '-Xlog:all=error:stderr'],
    `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
  ];
}

interface Java {
  program: string;
  version: string;
  label: string;
}

async function findJava(env: NonNullable<ServerOptions['env']>): Promise<Java> {
  const program = (env.JAVA_HOME && findProgram('java', join(env.JAVA_HOME, 'bin'))) || findProgram('java', env.PATH);
  if (!program) throw new ServerUnavailableError('no Java on the PATH: Kafka needs Java 17 or later');
  const version = await run(program, ['-version']).then(
    ({ stderr }) => stderr,
    () => '',
  );
  const major = javaMajor(version);
  if (major === undefined || major < leastJava) {
    throw new ServerUnavailableError(`${program} is Java ${major ?? 'of no known version'}: Kafka needs 17 or later`);
  }
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

async function mavenLibs(cacheDir: string, env: NonNullable<ServerOptions['env']>, log: (line: string) => void) {
  const libs = join(cacheDir, `kafka-${kafkaVersion}`);
  if (existsSync(libs)) return libs;
  const maven = findProgram('mvn', env.PATH);
  if (!maven)
    throw new ServerUnavailableError(`no Kafka and no Maven on the PATH: install Maven, or Kafka ${kafkaVersion}`);
  const temporary = await mkdtemp(join(cacheDir, 'maven-'));
  try {
    log(`fetching Kafka ${kafkaVersion} with Maven (44 MB)`);
    await writeFile(join(temporary, 'pom.xml'), pom);
    const target = join(temporary, 'libs');
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${target}`];
    await run(maven, ['-q', '-B', '-f', join(temporary, 'pom.xml'), ...goal], { maxBuffer: 64 << 20 });
    await rename(target, libs);
    return libs;
  } catch (error) {
    const said = (error as { stdout?: string }).stdout?.trim() || (error as Error).message;
    throw new ServerUnavailableError(
      `could not fetch Kafka ${kafkaVersion} with Maven. Check that 'mvn' reaches its repository. It said:\n${said.slice(0, 2000)}`,
      { cause: error },
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Formats storage once, as a template, and runs a broker once to archive its classes: later starts skip both. */
async function prepare(folder: string, java: string, classpath: string, log: (line: string) => void): Promise<void> {
  log('preparing Kafka for fast starts');
  const temporary = await mkdtemp(`${folder}-`);
  try {
    const [port, controllerPort] = (await freePorts(2)) as [number, number];
    const data = join(temporary, 'data');
    const settings = brokerSettings({ nodeId: 0, port, controllerPorts: [controllerPort], brokers: 1, dataDir: data });
    const settingsFile = join(temporary, 'server.properties');
    await writeFile(settingsFile, formatProperties(settings));
    await writeFile(join(temporary, 'log4j2.properties'), logging);
    const javaRun = [...javaOptions(temporary, 256), '-cp', classpath];
    const format = ['kafka.tools.StorageTool', 'format', '-t', 'breakwaterTemplateId00', '-c', settingsFile];
    await run(java, [...javaRun, ...format]);
    await copyFile(join(data, 'bootstrap.checkpoint'), join(temporary, 'bootstrap.checkpoint'));
    const broker = spawnGuarded({
      name: 'Kafka (first run)',
      command: java,
      args: [`-XX:ArchiveClassesAtExit=${join(temporary, 'classes.jsa')}`, ...javaRun, 'kafka.Kafka', settingsFile],
      logFile: join(temporary, 'first-run.log'),
      graceMs: 60_000,
    });
    await waitUntilReady(broker, async () => (await liveBrokers(port)) === 1, 60_000);
    await broker.stop();
    await rm(data, { recursive: true });
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
