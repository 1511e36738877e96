// Where Kafka comes from: its jars from the PATH or from Maven's repository, and the machine's Java
// to run them with.
import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProgram } from '../../tooling/programs.ts';
import { findJava, type Java, type MavenServer, mavenLibs } from './maven.ts';
import type { InstallOptions } from './options.ts';

/** Environment variable with the addresses of brokers to use instead of starting them. */
export const kafkaVariable = 'BREAKWATER_KAFKA_BROKERS';

// renovate: datasource=maven depName=org.apache.kafka:kafka_2.13
const VERSION = '4.3.1';
// renovate: datasource=maven depName=org.apache.logging.log4j:log4j-core
const LOG4J_VERSION = '2.25.4';

const KAFKA: MavenServer = {
  name: 'Kafka',
  version: VERSION,
  megabytes: 44,
  artifacts: [
    `org.apache.kafka:kafka_2.13:${VERSION}`,
    `org.apache.logging.log4j:log4j-core:${LOG4J_VERSION}`,
    `org.apache.logging.log4j:log4j-slf4j-impl:${LOG4J_VERSION}`,
  ],
};

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
  const { env = {} } = options;
  const java = await findJava(KAFKA.name, env);
  const found = await kafkaOnPath(env.PATH);
  const libs = found ?? (await mavenLibs(KAFKA, options));
  return {
    java,
    libs,
    jars: (await readdir(libs)).filter((name) => name.endsWith('.jar')).sort(),
    origin: found
      ? `Kafka: ${found}, found by the PATH, with ${java.label}`
      : `Kafka: ${KAFKA.version} from its jars, with ${java.label} (no kafka-server-start.sh on the PATH)`,
  };
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
