// Prometheus for the local run: it asks every process of the stack and follows the same rules as in a cluster.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localPrometheusConfig, type StaticTargets } from '../../monitoring/prometheus-config.ts';
import { claimPort } from '../../tooling/ports.ts';
import { spawnGuarded, waitUntilReady } from '../../tooling/process/guarded.ts';
import { findPrometheus, type PrometheusInstallOptions } from '../install/prometheus.ts';
import type { Unit } from '../supervisor.ts';

export interface PrometheusOptions extends PrometheusInstallOptions {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Where it keeps its history and its log. */
  readonly dataDir: string;
  readonly targets: StaticTargets;
  /** Text of the rule file. */
  readonly rules: string;
  readonly scrapeSeconds: number;
  readonly retentionHours: number;
}

export interface RunningPrometheus extends Unit {
  readonly url: string;
  /** One line: which was chosen and why. */
  readonly origin: string;
}

/** @throws ServerUnavailableError where there is none to be had; PortTakenError; ServerFailedError */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  const { dataDir, scrapeSeconds, targets, rules, retentionHours } = options;
  const { command, origin } = await findPrometheus('prometheus', options);
  const port = await claimPort(options.port, 'Prometheus');
  await mkdir(dataDir, { recursive: true });
  const config = join(dataDir, 'prometheus.yml');
  await writeFile(config, localPrometheusConfig({ scrapeSeconds, ruleFile: 'rules.yml' }, targets));
  await writeFile(join(dataDir, 'rules.yml'), rules);
  const server = spawnGuarded({
    name: 'Prometheus',
    command: command[0],
    args: [
      ...command.slice(1),
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dataDir, 'data')}`,
      `--storage.tsdb.retention.time=${retentionHours}h`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    logFile: join(dataDir, 'prometheus.log'),
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(server, () => isReady(url));
  return { url, origin, pid: server.pid, exited: server.exited, stop: server.stop, kill: server.kill };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // not listening yet
  }
}
