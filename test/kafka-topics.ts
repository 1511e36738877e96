// The topics of a queue, made as the topics app makes them.
import { Cluster } from '../apps/topics/cluster.ts';
import { reconcileTopics } from '../apps/topics/reconcile.ts';

/** Creates the topic `name`, of three partitions, and that of its dead letters. */
export async function createTopics(brokers: string, name: string, replicationFactor = 1): Promise<void> {
  const cluster = new Cluster({ brokers: brokers.split(',') });
  const common = { partitions: 3, replicationFactor, config: {} };
  const declared = [
    { ...common, name },
    { ...common, name: `${name}.dlq`, partitions: 1, config: { 'cleanup.policy': 'compact' } },
  ];
  await reconcileTopics(cluster, {
    declared,
    dryRun: false,
    brokersTimeoutMs: 30_000,
    movesTimeoutMs: 30_000,
    print: () => {},
  });
  await cluster.close();
}
