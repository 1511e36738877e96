// SQS for the local run: ElasticMQ, which keeps its queues and messages on disk.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { call } from '../../tooling/http.ts';
import { claimPort } from '../../tooling/ports.ts';
import { GuardedProcess } from '../../tooling/process/guarded.ts';
import { installElasticMq, sqsVariable } from '../install/elasticmq.ts';
import { foreignServer, OwnServer, type RunningServer, type ServerOptions } from './server.ts';

export interface ElasticMqOptions extends ServerOptions {
  /**
   * Names of queues to make where they are not there yet, each with one for its dead letters.
   * @default none
   */
  readonly queues?: readonly string[];
}

const START_MS = 120_000;

/**
 * Starts ElasticMQ, or uses the SQS that the environment names.
 *
 * @throws ServerUnavailableError without Java 17 or Maven; PortTakenError; ProcessFailedError
 */
export async function startElasticMq(options: ElasticMqOptions): Promise<RunningServer> {
  const { dataDir, env = {}, queues = [] } = options;
  const given = env[sqsVariable];
  if (given) return foreignServer('SQS', given, sqsVariable);
  const { command, origin } = await installElasticMq(options);
  const port = await claimPort(options.port, 'ElasticMQ');
  await mkdir(dataDir, { recursive: true });
  const config = join(dataDir, 'elasticmq.conf');
  await writeFile(config, configOf(port, join(dataDir, 'messages'), queues));
  const server = new GuardedProcess({
    name: 'ElasticMQ',
    command: command[0],
    args: [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'],
      ...[`-Dconfig.file=${config}`, ...command.slice(1), 'org.elasticmq.server.Main'],
    ],
    logFile: join(dataDir, 'sqs.log'),
  });
  const url = `http://127.0.0.1:${port}`;
  // It has no probe: whatever it answers, it listens.
  const answers = () =>
    call(url).then(
      () => true,
      () => false,
    );
  await server.untilReady(answers, START_MS);
  return new OwnServer(server, { url, origin });
}

/** Without WRITE_DELAY=0, H2 keeps the last half second in memory, which SIGKILL loses. */
const configOf = (
  port: number,
  file: string,
  queues: readonly string[],
): string => `include classpath("application.conf")
node-address { protocol = http, host = 127.0.0.1, port = ${port}, context-path = "" }
rest-sqs { bind-port = ${port}, bind-hostname = "127.0.0.1" }
rest-stats.enabled = false
messages-storage { enabled = true, uri = ${JSON.stringify(`jdbc:h2:${file};WRITE_DELAY=0`)} }
queues { ${queues
  .flatMap((name) => [name, `${name}-dlq`])
  .map((name) => `${JSON.stringify(name)} {}`)
  .join(', ')} }
`;
