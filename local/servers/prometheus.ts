// Prometheus for the local run: it asks every process of the stack and follows the same rules as in
// a cluster.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localPrometheusConfig, type StaticTargets } from '../../monitoring/prometheus-config.ts';
import { isUp } from '../../tooling/http.ts';
import { claimPort } from '../../tooling/ports.ts';
import { GuardedProcess } from '../../tooling/process/guarded.ts';
import { findPrometheus } from '../install/prometheus.ts';
import { OwnServer, type RunningServer, type ServerOptions } from './server.ts';

interface PrometheusOptions extends ServerOptions {
  readonly targets: StaticTargets;
  /** Text of the rule file. */
  readonly rules: string;
  readonly scrapeSeconds: number;
  readonly retentionHours: number;
}

/**
 * @throws ServerUnavailableError where there is none to be had; PortTakenError; ProcessFailedError
 */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningServer> {
  const { dataDir, scrapeSeconds, targets, rules, retentionHours } = options;
  const { command, origin } = await findPrometheus('prometheus', options);
  const port = await claimPort(options.port, 'Prometheus');
  await mkdir(dataDir, { recursive: true });
  const config = join(dataDir, 'prometheus.yml');
  await writeFile(config, localPrometheusConfig({ scrapeSeconds, ruleFile: 'rules.yml' }, targets));
  await writeFile(join(dataDir, 'rules.yml'), rules);
  const server = new GuardedProcess({
    name: 'Prometheus',
    command: command[0],
    args: [
      ...command.slice(1),
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dataDir, 'data')}`,
      // Deprecated since version 3.8, but older ones, such as Debian's, know only the flag.
      `--storage.tsdb.retention.time=${retentionHours}h`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    logFile: join(dataDir, 'prometheus.log'),
  });
  const url = `http://127.0.0.1:${port}`;
  await server.untilReady(() => isUp(`${url}/-/ready`));
  return new OwnServer(server, { url, origin });
}
