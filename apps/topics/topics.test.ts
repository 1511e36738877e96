import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appEnvironment } from '../../test/app-environment.ts';
import { useKafka } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { Cluster } from './cluster.ts';
import type { DeclaredTopic } from './plan.ts';
import { drainBrokers, reconcileTopics } from './reconcile.ts';

const kafka = useKafka({ brokers: 3, heapMiB: 256 });
let cluster: Cluster;
beforeAll(() => {
  cluster = new Cluster({ brokers: kafka.url.split(',') });
});
afterAll(() => cluster.close());

const posts = (change: Partial<DeclaredTopic> = {}): DeclaredTopic => ({
  name: 'posts',
  partitions: 3,
  replicationFactor: 1,
  config: { 'retention.ms': '604800000' },
  ...change,
});

const options = (lines: string[], dryRun: boolean) => ({
  dryRun,
  brokersTimeoutMs: 2_000,
  movesTimeoutMs: 60_000,
  print: (line: string) => void lines.push(line),
});

async function reconcile(declared: DeclaredTopic[], dryRun = false, brokerCount?: number) {
  const lines: string[] = [];
  const outcome = await reconcileTopics(cluster, { ...options(lines, dryRun), declared, brokerCount });
  return { outcome, lines };
}

async function drain(brokerCount: number, dryRun = false) {
  const lines: string[] = [];
  const outcome = await drainBrokers(cluster, { ...options(lines, dryRun), brokerCount });
  return { outcome, lines };
}

const observed = async (name = 'posts') => (await cluster.observe()).topics[name];
const perBroker = async (pick: (partition: { replicas: readonly number[]; leader: number }) => readonly number[]) => {
  const ids = (await observed())!.partitions.flatMap(pick);
  return [0, 1, 2, 3].map((broker) => ids.filter((id) => id === broker).length);
};

describe('topics on real brokers', () => {
  test('a dry run changes nothing', async () => {
    const { outcome, lines } = await reconcile([posts()], true);
    expect(outcome).toBe('done');
    expect(lines).toContain('  create posts: 3 partitions, replication 1, retention.ms=604800000');
    expect(await observed()).toBeUndefined();
  });

  test('creates, and finds nothing to do the second time', async () => {
    const declared = [posts(), posts({ name: 'posts.dlq', partitions: 1, config: { 'cleanup.policy': 'compact' } })];
    expect((await reconcile(declared)).outcome).toBe('done');
    expect((await observed())?.partitions).toHaveLength(3);
    expect((await observed('posts.dlq'))?.config).toEqual({ 'cleanup.policy': 'compact' });
    expect(await perBroker(({ replicas }) => replicas)).toEqual([1, 1, 1, 0]);
    expect((await reconcile(declared)).outcome).toBe('nothing to do');
  });

  test('a step that an earlier run has applied is no error', async () => {
    await cluster.apply({ kind: 'create', topic: 'posts', assignments: [[0]], config: {} });
    await cluster.apply({ kind: 'grow', topic: 'posts', from: 0, assignments: [[0], [1], [2]] });
    const wrong = cluster.apply({ kind: 'create', topic: 'no such broker', assignments: [[9]], config: {} });
    await expect(wrong).rejects.toThrow();
    expect((await observed())?.partitions).toHaveLength(3);
  });

  test('grows, raises the replication and changes settings in one go', async () => {
    const declared = [posts({ partitions: 4, replicationFactor: 3, config: { 'segment.ms': '3600000' } })];
    expect((await reconcile(declared)).outcome).toBe('done');
    expect(await perBroker(({ replicas }) => replicas)).toEqual([4, 4, 4, 0]);
    expect((await observed())?.config).toEqual({ 'segment.ms': '3600000' });
    expect((await reconcile(declared)).outcome).toBe('nothing to do');
  });

  test('refuses what Kafka cannot do, all reasons at once, with nothing changed', async () => {
    const before = await cluster.observe();
    const { outcome, lines } = await reconcile([
      posts({ partitions: 2 }),
      posts({ name: 'new', replicationFactor: 4 }),
    ]).catch((error) => ({ outcome: 'error', lines: [String(error)] }));
    expect(outcome).toBe('refused');
    expect(lines.join('\n')).toMatch(/posts: has 4 partitions.*new: replication factor 4/s);
    expect(await cluster.observe()).toEqual(before);
  }, 60_000);

  test('spreads onto a fourth broker, leadership too', async () => {
    await kafka.server.addBroker();
    const declared = [posts({ partitions: 4, replicationFactor: 3, config: {} })];
    const { outcome, lines } = await reconcile(declared);
    expect(outcome).toBe('done');
    expect(lines.filter((line) => line.startsWith('move')).length).toBeLessThanOrEqual(4);
    expect(await perBroker(({ replicas }) => replicas)).toEqual([3, 3, 3, 3]);
    expect(await perBroker(({ leader }) => [leader])).toEqual([1, 1, 1, 1]);
    expect((await reconcile(declared)).outcome).toBe('nothing to do');
  }, 90_000);

  test('a broker is not drained while one that stays is down: it could not take over', async () => {
    await kafka.server.brokers[1]?.stop();
    await until(async () => (await cluster.brokers()).length === 3);
    const before = await cluster.observe();
    const { outcome, lines } = await drain(3);
    expect(outcome).toBe('refused');
    expect(lines.join()).toContain('of the 3 brokers that stay, only 0, 2 are available');
    expect((await cluster.observe()).topics.posts?.partitions.map(({ replicas }) => replicas)).toEqual(
      before.topics.posts?.partitions.map(({ replicas }) => replicas),
    );
    await kafka.server.startBroker(1);
    await until(async () => (await cluster.brokers()).length === 4);
  }, 60_000);

  test('a broker that is to leave is drained of every topic, and unregistered when it is gone', async () => {
    const declared = [posts({ partitions: 4, replicationFactor: 3, config: {} })];
    // Kafka's own topics too.
    for (const topic of ['theirs', '__consumer_offsets', 'moving']) {
      await cluster.apply({ kind: 'create', topic, assignments: [[3, 0]], config: {} });
      await until(async () => (await observed(topic))?.partitions[0]?.isr.length === 2);
    }
    expect((await drain(3, true)).lines).toContain('  move theirs-0: from brokers 3, 0 to 0, 1');
    expect(await perBroker(({ replicas }) => replicas)).toEqual([3, 3, 3, 3]);

    // An earlier run started this move and did not see its end.
    await cluster.apply({ kind: 'move', topic: 'moving', partition: 0, from: [3, 0], to: [2, 0] });
    expect((await drain(3)).outcome).toBe('done');
    expect(await perBroker(({ replicas }) => replicas)).toEqual([4, 4, 4, 0]);
    for (const topic of ['theirs', '__consumer_offsets'])
      expect((await observed(topic))?.partitions[0]?.replicas).toEqual([0, expect.any(Number)]);
    expect((await observed('moving'))?.partitions[0]?.replicas).toEqual([2, 0]);
    expect((await drain(3)).outcome).toBe('nothing to do');

    // While it is still running it gets nothing back, and stays registered.
    expect((await reconcile(declared, false, 3)).lines).toContain('Note: broker 3 is still running, and empty');
    expect(await perBroker(({ replicas }) => replicas)).toEqual([4, 4, 4, 0]);
    await kafka.server.brokers[3]?.stop();
    expect((await reconcile(declared, false, 3)).lines).toContain('Broker 3 is gone and was unregistered');
    expect((await cluster.registered()).map(({ id }) => id)).toEqual([0, 1, 2]);
  }, 120_000);

  test.each<[string, Record<string, string>, string[], number, RegExp]>([
    ['done', { TOPICS: JSON.stringify([posts({ name: 'job' })]) }, [], 0, /Done/],
    ['refused', { TOPICS: JSON.stringify([posts({ partitions: 1 })]) }, [], 2, /Refused/],
    ['bad settings', { TOPICS: '[{"name":"x"}]' }, [], 2, /TOPICS/],
    ['bad arguments', { TOPICS: '[]' }, ['--force'], 2, /--dry-run/],
    ['drained', { BROKER_COUNT: '3' }, ['--empty'], 0, /brokers from 3 on hold no replicas/],
    [
      'drained, before there is a Kafka',
      { BROKER_COUNT: '3', KAFKA_BROKERS: 'none.invalid:9092' },
      ['--empty'],
      0,
      /no broker yet/,
    ],
    ['drained, of what', {}, ['--empty'], 2, /BROKER_COUNT: is required/],
    ['failed', { KAFKA_BROKERS: '127.0.0.1:1', BROKERS_TIMEOUT_SECONDS: '0' }, [], 1, /Failed: /],
  ])('the job ends with its status: %s', async (_name, env, args, status, output) => {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, ...args], {
      env: appEnvironment('topics', { KAFKA_BROKERS: kafka.url, TOPICS: JSON.stringify([posts()]), ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(text).toMatch(output);
    expect(code).toBe(status);
  });
});
