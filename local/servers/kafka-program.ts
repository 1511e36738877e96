// Kafka's program, made to start fast: what each first start would do again is done once and kept
// in the cache.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../tooling/ports.ts';
import { GuardedProcess } from '../../tooling/process/guarded.ts';
import { run } from '../../tooling/run.ts';
import { installKafka, type KafkaJars } from '../install/kafka.ts';
import { DEFAULT_CACHE_DIR, type InstallOptions } from '../install/options.ts';
import { waitForLock } from '../lock.ts';
import { brokerSettings, formatProperties } from './kafka-settings.ts';
import { liveBrokers } from './kafka-wire.ts';

/** Warnings and errors, and the two lines that say that a broker has started or stopped. */
const LOGGING = `rootLogger.level = warn
rootLogger.appenderRef.out.ref = OUT
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c)%n
`;

export interface KafkaProgram {
  /** One line: which was chosen and why. */
  readonly origin: string;
  /** Storage's first metadata, copied into each new broker's directory. */
  readonly bootstrapFile: string;
  /** Command and arguments that run a broker with the settings file. */
  command(settingsFile: string, heapMiB: number, javaOptions?: readonly string[]): readonly string[];
}

/**
 * @throws ServerUnavailableError without Java 17 or Maven; CommandError or ProcessFailedError when
 * Kafka does not run
 */
export async function kafkaProgram(options: InstallOptions): Promise<KafkaProgram> {
  const { cacheDir = DEFAULT_CACHE_DIR, log = () => {} } = options;
  const kafka = await installKafka(options);
  const { java, libs, jars, origin } = kafka;
  const parts = [java.program, java.version, libs, ...jars];
  const key = createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
  const folder = join(cacheDir, `kafka-ready-${key}`);
  if (!existsSync(folder)) {
    await mkdir(cacheDir, { recursive: true });
    const lock = await waitForLock(join(cacheDir, 'kafka.lock'), (holder) =>
      log(`waiting for ${holder}, which is preparing Kafka`),
    );
    try {
      if (!existsSync(folder)) await prepare(folder, kafka, log);
    } finally {
      lock.release();
    }
  }
  return {
    origin,
    bootstrapFile: join(folder, 'bootstrap.checkpoint'),
    command: (settingsFile, heapMiB, more = []) => [
      java.program,
      ...javaOptions(folder, heapMiB),
      ...more,
      `-XX:SharedArchiveFile=${join(folder, 'classes.jsa')}`,
      ...['-cp', classpathOf(kafka), 'kafka.Kafka', settingsFile],
    ],
  };
}

const classpathOf = ({ libs, jars }: KafkaJars): string => jars.map((jar) => join(libs, jar)).join(':');

const javaOptions = (folder: string, heapMiB: number): readonly string[] => [
  ...[`-Xmx${heapMiB}m`, '-Xms64m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError', '-Djava.awt.headless=true'],
  ...['-Xshare:auto', '-Xlog:disable', '-Xlog:all=error:stderr'],
  `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
];

/** Formats storage, as a template, and runs a broker to archive its classes. */
async function prepare(folder: string, kafka: KafkaJars, log: (line: string) => void): Promise<void> {
  const { java } = kafka;
  log('preparing Kafka for fast starts');
  const temporary = await mkdtemp(`${folder}-`);
  try {
    const [port, controllerPort] = (await freePorts(2)) as [number, number];
    const data = join(temporary, 'data');
    const settings = brokerSettings({ nodeId: 0, port, controllerPorts: [controllerPort], brokers: 1, dataDir: data });
    const settingsFile = join(temporary, 'server.properties');
    await writeFile(settingsFile, formatProperties(settings));
    await writeFile(join(temporary, 'log4j2.properties'), LOGGING);
    const javaRun = [...javaOptions(temporary, 256), '-cp', classpathOf(kafka)];
    const format = ['kafka.tools.StorageTool', 'format', '-t', 'breakwaterTemplateId00', '-c', settingsFile];
    await run(java.program, [...javaRun, ...format]);
    await copyFile(join(data, 'bootstrap.checkpoint'), join(temporary, 'bootstrap.checkpoint'));
    const broker = new GuardedProcess({
      name: 'Kafka (first run)',
      command: java.program,
      args: [`-XX:ArchiveClassesAtExit=${join(temporary, 'classes.jsa')}`, ...javaRun, 'kafka.Kafka', settingsFile],
      logFile: join(temporary, 'first-run.log'),
      graceMs: 60_000,
    });
    await broker.untilReady(async () => (await liveBrokers(port)) === 1, 60_000);
    await broker.stop();
    await rm(data, { recursive: true });
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
