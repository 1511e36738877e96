// topics: a job that brings Kafka's topics to the declared state. --dry-run only prints the plan.
// Exit status: 0 done or nothing to do, 1 failed, 2 refused or bad settings.
import { describe } from '../shared/queue/kafka-errors.ts';
import { loadSettings, SettingsError } from '../shared/settings.ts';
import { Cluster } from './cluster.ts';
import { topicsSettings } from './settings.ts';
import { bringTopics } from './topics.ts';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--dry-run');
  if (unknown.length > 0) throw new SettingsError(`Unknown argument ${unknown.join(' ')}: there is only --dry-run`);
  const settings = loadSettings(topicsSettings, process.env);
  const { KAFKA_BROKERS: brokers, KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = settings;
  const cluster = new Cluster({ brokers, username, password });
  try {
    const outcome = await bringTopics(cluster, {
      declared: settings.TOPICS,
      dryRun: process.argv.includes('--dry-run'),
      brokersTimeoutMs: settings.BROKERS_TIMEOUT_SECONDS * 1000,
      movesTimeoutMs: settings.MOVES_TIMEOUT_SECONDS * 1000,
      print,
    });
    return outcome === 'refused' ? 2 : 0;
  } finally {
    await cluster.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof SettingsError ? error.message : `Failed: ${describe(error)}`}\n`);
  process.exitCode = error instanceof SettingsError ? 2 : 1;
}
