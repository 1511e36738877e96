// The agent with real brokers: what it reports when a broker is killed, comes back, or must not
// stop.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appEnvironment } from '../../test/app-environment.ts';
import { useKafka } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { freePorts } from '../../tooling/ports.ts';
import { createLogger } from '../shared/logger.ts';
import { KafkaQueue } from '../shared/queue/kafka/queue.ts';
import { Cluster } from '../topics/cluster.ts';
import { reconcileTopics } from '../topics/reconcile.ts';

const kafka = useKafka({ brokers: 3, heapMiB: 256 });
const agents: ChildProcess[] = [];
const ports = await freePorts(3);
const main = fileURLToPath(new URL('./main.ts', import.meta.url));

const get = async (id: number, path: string) => {
  const answer = await fetch(`http://127.0.0.1:${ports[id]}${path}`).catch(() => undefined);
  return { status: answer?.status, text: (await answer?.text()) ?? '' };
};
const ready = async (id: number) => (await get(id, '/readyz')).status === 200;
const metric = async (id: number, name: string) =>
  Number(new RegExp(`^breakwater_kafka_${name}\\S* (\\S+)$`, 'm').exec((await get(id, '/metrics')).text)?.[1]);
const sum = async (name: string) =>
  (await Promise.all([0, 1, 2].map((id) => metric(id, name)))).reduce((all, one) => all + (one || 0), 0);

beforeAll(() => {
  for (const [id, { port }] of kafka.server.brokers.entries())
    agents.push(
      spawn(process.execPath, [main], {
        env: appEnvironment('kafka-agent', {
          HOSTNAME: `kafka-${id}`,
          BROKER_PORT: String(port),
          METRICS_PORT: String(ports[id]),
          LOG_LEVEL: 'error',
        }),
        stdio: 'inherit',
      }),
    );
});
afterAll(() => {
  for (const agent of agents) agent.kill('SIGKILL');
});

describe('an agent beside each of three brokers', () => {
  test('ready before there is any topic', async () => {
    for (const id of [0, 1, 2]) await until(() => ready(id));
    expect(await metric(0, 'brokers')).toBe(3);
    expect(await metric(1, 'voters_current')).toBe(3);
    expect(await get(2, '/before-stop')).toEqual({ status: 200, text: 'the other brokers can do without this one\n' });
  });

  test('lag by group and partition, reported once', async () => {
    const cluster = new Cluster({ brokers: kafka.url.split(',') });
    const topic = { partitions: 1, replicationFactor: 3, config: {} };
    await reconcileTopics(cluster, {
      declared: [
        { name: 'posts', ...topic },
        { name: 'posts.dlq', ...topic },
      ],
      dryRun: false,
      brokersTimeoutMs: 2_000,
      movesTimeoutMs: 10_000,
      print: () => {},
    });
    await cluster.close();
    const address = { brokers: kafka.url.split(','), name: 'posts', group: 'store', maxLength: 1_000, maxBytes: 1e6 };
    const queue = new KafkaQueue(address, createLogger('test', 'silent'));
    const writer = await queue.writer();
    const reader = await queue.reader({ batchSize: 2, batchBytes: 1 << 20, flushIntervalMs: 10 });
    await writer.accept({ type: 'post', origin: 'a', payloads: ['1', '2'] });
    await (await reader.next())?.acknowledge();
    await writer.accept({ type: 'post', origin: 'b', payloads: ['1', '2', '3'] });
    await until(async () => (await sum('group_lag_records{group="store"')) === 3);
    expect(await sum('partition_end_offset{topic="posts",')).toBe(5);
    // Leaders of new partitions are known to their brokers a moment later.
    await until(async () => (await sum('partitions_led')) === 1 + 1 + 3);
    await queue.close();
  });

  test('a broker is killed: it is not ready, the others are, and neither of them may stop', async () => {
    kafka.server.brokers[2]?.kill('SIGKILL');
    await until(async () => !(await ready(2)));
    await until(async () => (await metric(0, 'brokers')) === 2, 50_000);
    expect(await Promise.all([ready(0), ready(1)])).toEqual([true, true]);
    await until(async () => (await sum('partitions_under_replicated')) === 5);
    expect((await get(0, '/before-stop')).text).toMatch(/^too few other brokers are in sync for .*posts-0/);
    expect((await get(2, '/before-stop')).text).toMatch(/can do without/);
  });

  test('it comes back: it is ready only when all of its replicas are in sync', async () => {
    await kafka.server.startBroker(2);
    await until(() => ready(2), 50_000);
    expect(await metric(2, 'replicas_behind')).toBe(0);
    await until(async () => (await sum('partitions_under_replicated')) === 0);
  });

  test('a broker that hangs does not make the others unready, even while it leads the controllers', async () => {
    for (const id of [0, 1, 2]) {
      kafka.server.brokers[id]?.kill('SIGSTOP');
      await until(async () => !(await ready(id)), 50_000);
      for (const other of [0, 1, 2].filter((one) => one !== id)) expect(await ready(other)).toBe(true);
      kafka.server.brokers[id]?.kill('SIGCONT');
      await until(() => ready(id), 50_000);
    }
  }, 180_000);

  test('the last running broker is not ready by its own word alone', async () => {
    for (const id of [1, 2]) kafka.server.brokers[id]?.kill('SIGKILL');
    await until(async () => !(await ready(0)), 50_000);
    await until(async () => (await get(0, '/before-stop')).text.includes('no controller answers'), 50_000);
    // Unknown: no value rather than an old one.
    await until(async () => Number.isNaN(await metric(0, 'voters_current')));
  }, 120_000);
});

test('bad settings end it with status 2', async () => {
  const child = spawn(process.execPath, [main], { env: { HOSTNAME: 'kafka' }, stdio: 'ignore' });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
});
