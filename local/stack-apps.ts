// The apps of the stack as processes of this machine: how each is started, and how we know that it
// is ready.
import { join, resolve } from 'node:path';
import {
  type Addresses,
  apiEnvironment,
  consoleEnvironment,
  consumerEnvironment,
  type Environment,
  gateEnvironment,
  producerEnvironment,
  topicsEnvironment,
} from '../config/environment.ts';
import type { StackConfig } from '../config/schema.ts';
import { liveProblems } from '../monitoring/problems/problems.ts';
import { isUp } from '../tooling/http.ts';
import { GuardedProcess, logTail } from '../tooling/process/guarded.ts';
import { consoleLoad, consoleTargets, type LoadAddresses } from './console.ts';
import { LocalError } from './errors.ts';
import { type MongoAddresses, mongoAddresses } from './mongo-address.ts';
import type { StopStage } from './processes.ts';
import type { StackRun } from './stack-servers.ts';

const HOST = '127.0.0.1';
const APPS = join(import.meta.dirname, '..', 'apps');
/** How long an app may take to drain when it is stopped. */
const DRAIN_MS = 30_000;
const START_MS = 60_000;
/** The topics job has nothing to drain. */
const JOB_GRACE_MS = 5_000;

type App = 'api' | 'console' | 'consumer' | 'gate' | 'producer' | 'topics';

interface AppProcess {
  /** What to call it: `api-0`. */
  readonly name: string;
  readonly app: App;
  readonly stage: StopStage;
  readonly environment: Environment;
  readonly metricsPort: number;
}

/** The producer runs even at rate 0 where the console can change that. */
export const needsProducer = (config: StackConfig): boolean => config.producer.rate > 0 || config.console.enabled;

/** The gate before MongoDB. @param url MongoDB's own address */
export async function launchGate(run: StackRun, url: string): Promise<MongoAddresses> {
  const { config, ports } = run;
  const mongo = mongoAddresses(url, ports.gate);
  const addresses: Addresses = { kafkaBrokers: [], redisUrl: '', mongoUrl: '', mongoUpstream: mongo.upstream };
  const environment = gateEnvironment(config, addresses, listenAt(ports.gate, ports.gateMetrics));
  await keepApp(run, { name: 'gate', app: 'gate', stage: 'gate', environment, metricsPort: ports.gateMetrics });
  return mongo;
}

/** Declares Kafka's topics. @throws LocalError with the end of the log if that fails */
export async function declareTopics({ config, dataDir }: StackRun, addresses: Addresses): Promise<void> {
  const logFile = logFileOf(dataDir, 'topics');
  const environment = topicsEnvironment(config, addresses);
  const { code, signal } = await spawnApp('topics', 'topics', environment, logFile, JOB_GRACE_MS).exited;
  if (code === 0) return;
  const how = signal ?? `exit status ${code}`;
  throw new LocalError('app_failed', `topics failed (${how}); ${logFile} ends with:\n${logTail(logFile)}`);
}

/** API processes, consumers and the producer. */
export async function launchWorkers(run: StackRun, addresses: Addresses): Promise<void> {
  const { config, ports, install } = run;
  const apis = ports.apiMetrics.map((metricsPort, index) => ({
    name: `api-${index}`,
    app: 'api' as const,
    stage: 'sources' as const,
    environment: apiEnvironment(config, addresses, listenAt(ports.api, metricsPort)),
    metricsPort,
  }));
  const consumers = ports.consumerMetrics.map((metricsPort, index) => ({
    name: `consumer-${index}`,
    app: 'consumer' as const,
    stage: 'consumers' as const,
    environment: consumerEnvironment(config, addresses, metricsAt(metricsPort)),
    metricsPort,
  }));
  const producer = {
    name: 'producer',
    app: 'producer' as const,
    stage: 'sources' as const,
    environment: producerEnvironment(config, addresses, metricsAt(ports.producerMetrics)),
    metricsPort: ports.producerMetrics,
  };
  const workers: AppProcess[] = [...apis, ...consumers, ...(needsProducer(config) ? [producer] : [])];
  await Promise.all(workers.map((worker) => keepApp(run, worker)));
  install.log(
    `${counted(apis.length, 'API process', 'API processes')}, ${counted(consumers.length, 'consumer', 'consumers')}`,
  );
}

/** The live page. */
export async function launchConsole(
  run: StackRun,
  { stack, reportDir }: { readonly stack: string; readonly reportDir: string },
  where: Omit<LoadAddresses, 'payloadChars' | 'bodyLimitKiB' | 'reportDir'>,
): Promise<void> {
  const { config, ports } = run;
  const { payloadChars, bodyLimitKiB } = config.api;
  const load = { ...where, payloadChars, bodyLimitKiB, reportDir: resolve(reportDir) };
  const listen = listenAt(ports.console, ports.consoleMetrics);
  const environment = {
    ...consoleEnvironment(config, { stack, targets: consoleTargets(ports), problems: liveProblems(config) }, listen),
    CONSOLE_LOAD: consoleLoad(load),
  };
  const { consoleMetrics: metricsPort } = ports;
  await keepApp(run, { name: 'console', app: 'console', stage: 'observers', environment, metricsPort });
}

/** Keeps an app running; it is ready when its metrics server says so. */
function keepApp({ processes, dataDir }: StackRun, { name, app, stage, environment, metricsPort }: AppProcess) {
  const logFile = logFileOf(dataDir, name);
  const start = async () => {
    const process = spawnApp(name, app, environment, logFile, DRAIN_MS);
    await process.untilReady(() => isUp(`http://${HOST}:${metricsPort}/readyz`), START_MS);
    return process;
  };
  return processes.keep({ name, stage, logFile, start });
}

function spawnApp(name: string, app: App, env: Environment, logFile: string, graceMs: number): GuardedProcess {
  const args = [join(APPS, app, 'main.ts')];
  return new GuardedProcess({ name, command: process.execPath, args, env: { ...env }, logFile, graceMs });
}

const logFileOf = (dataDir: string, name: string): string => join(dataDir, 'logs', `${name}.log`);

const metricsAt = (metricsPort: number) => ({ metricsHost: HOST, metricsPort });

const listenAt = (port: number, metricsPort: number) => ({ host: HOST, port, ...metricsAt(metricsPort) });

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
