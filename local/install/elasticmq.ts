// Where ElasticMQ, which speaks SQS, comes from: its jars from Maven's repository.
import { join } from 'node:path';
import { findJava, type MavenServer, mavenLibs } from './maven.ts';
import type { InstallOptions } from './options.ts';

/** Environment variable with the address of an SQS to use instead of starting one. */
export const sqsVariable = 'BREAKWATER_SQS_URL';

// renovate: datasource=maven depName=org.elasticmq:elasticmq-server_2.13
const VERSION = '1.7.1';

const ELASTICMQ: MavenServer = {
  name: 'ElasticMQ',
  version: VERSION,
  megabytes: 37,
  artifacts: [`org.elasticmq:elasticmq-server_2.13:${VERSION}`],
};

interface JavaServer {
  /** Java with its class path; the main class and its arguments follow. */
  readonly command: readonly [string, ...string[]];
  /** One line: which was chosen and why. */
  readonly origin: string;
}

/**
 * Fetches ElasticMQ once; later calls, also from other processes at the same time, find it.
 *
 * @throws ServerUnavailableError without Java 17 or Maven
 */
export async function installElasticMq(options: InstallOptions): Promise<JavaServer> {
  const java = await findJava(ELASTICMQ.name, options.env ?? {});
  const libs = await mavenLibs(ELASTICMQ, options);
  return {
    command: [java.program, '-cp', join(libs, '*')],
    origin: `SQS: ElasticMQ ${ELASTICMQ.version} from its jars, with ${java.label}`,
  };
}
