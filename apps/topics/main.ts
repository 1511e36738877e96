// topics: a job that brings Kafka's topics to the declared state. --dry-run only prints the plan;
// --empty only drains the brokers from BROKER_COUNT on, before they are removed.
// Exit status: 0 done or nothing to do, 1 failed, 2 refused or bad settings.
import { lookup } from 'node:dns/promises';
import type { z } from 'zod';
import { kafkaAddress } from '../shared/queue/kafka/client.ts';
import { describe } from '../shared/queue/kafka/errors.ts';
import { loadSettings, SettingsError } from '../shared/settings.ts';
import { Cluster } from './cluster.ts';
import { drainBrokers, type Outcome, type RunOptions, reconcileTopics } from './reconcile.ts';
import { emptySettings, topicsSettings } from './settings.ts';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<Outcome> {
  const unknown = process.argv.slice(2).filter((argument) => !['--dry-run', '--empty'].includes(argument));
  if (unknown.length > 0)
    throw new SettingsError(`Unknown argument ${unknown.join(' ')}. Valid arguments: --dry-run, --empty`);
  return process.argv.includes('--empty') ? drain() : reconcile();
}

async function reconcile(): Promise<Outcome> {
  const settings = loadSettings(topicsSettings, process.env);
  return withCluster(settings, (cluster, options) =>
    reconcileTopics(cluster, { ...options, brokerCount: settings.BROKER_COUNT, declared: settings.TOPICS }),
  );
}

async function drain(): Promise<Outcome> {
  const settings = loadSettings(emptySettings, process.env);
  if (await anyBrokerExists(settings.KAFKA_BROKERS))
    return withCluster(settings, (cluster, options) =>
      drainBrokers(cluster, { ...options, brokerCount: settings.BROKER_COUNT }),
    );
  print('Nothing to do: there is no broker yet.');
  return 'nothing to do';
}

type Common = Omit<z.infer<typeof emptySettings>, 'BROKER_COUNT'>;

async function withCluster<T>(
  settings: Common,
  run: (cluster: Cluster, options: RunOptions) => Promise<T>,
): Promise<T> {
  const cluster = new Cluster(kafkaAddress(settings.KAFKA_BROKERS, settings));
  try {
    return await run(cluster, {
      dryRun: process.argv.includes('--dry-run'),
      brokersTimeoutMs: settings.BROKERS_TIMEOUT_SECONDS * 1000,
      movesTimeoutMs: settings.MOVES_TIMEOUT_SECONDS * 1000,
      print,
    });
  } finally {
    await cluster.close();
  }
}

/**
 * Whether any broker has an address. The pods of a StatefulSet have one as soon as they exist,
 * ready or not.
 */
async function anyBrokerExists(brokers: readonly string[]): Promise<boolean> {
  const found = brokers.map((broker) =>
    lookup(broker.slice(0, broker.lastIndexOf(':'))).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOTFOUND') return false;
        throw error;
      },
    ),
  );
  return (await Promise.all(found)).includes(true);
}

try {
  process.exitCode = (await main()) === 'refused' ? 2 : 0;
} catch (error) {
  process.stderr.write(`${error instanceof SettingsError ? error.message : `Failed: ${describe(error)}`}\n`);
  process.exitCode = error instanceof SettingsError ? 2 : 1;
}
