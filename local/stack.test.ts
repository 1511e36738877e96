import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadStackConfig } from '../config/load.ts';
import { until } from '../test/until.ts';
import { call, getJson } from '../tooling/http.ts';
import { neededPorts, planPorts } from './ports-plan.ts';
import { type Stack, startStack } from './stack.ts';
import { apiProcesses, localConfig } from './stack-config.ts';

const root = join(import.meta.dirname, '..');
/** For what happens when a server has been killed. */
const PATIENCE_MS = 60_000;

test.each([
  ['dev', undefined, 2, 'linux', 2],
  ['dev', undefined, 8, 'linux', 3],
  ['stress', undefined, 64, 'linux', 10],
  ['dev', 4, 2, 'linux', 4],
  ['dev', undefined, 8, 'darwin', 1],
])('%s, asked for %s, on %d cores of %s: %d API processes', (stack, asked, cores, platform, expected) => {
  expect(apiProcesses(loadStackConfig(stack, root), asked, cores, platform)).toBe(expected);
});

test('the stack has its ports, unless it stands beside another', async () => {
  const config = loadStackConfig('dev', root);
  const counts = { apiProcesses: 2, consumers: 1 };
  const own = await planPorts(config, counts, false);
  expect(own).toMatchObject({ api: 8000, redis: 6379, mongo: 27017, gate: 27018, gateMetrics: 9465, kafka: 9092 });
  expect(own.apiMetrics).toHaveLength(2);
  expect(own.apiMetrics[0]).toBe(9464);
  const foreign = { redis: false, mongo: true, kafka: false };
  expect([...neededPorts(own, 3, foreign, { console: true, prometheus: false }).keys()]).toEqual([
    8000, 9464, 27018, 9465, 8088, 6379, 9092, 9093, 9094,
  ]);
  const free = await planPorts(config, counts, true);
  expect(free.kafka).toBeUndefined();
  expect(new Set([free.api, free.redis, free.mongo, free.gate, ...free.apiMetrics]).size).toBe(6);
});

test('the store is MongoDB whatever the stack file says, which is logged', () => {
  const lines: string[] = [];
  const overrides = { 'store:kind': 'dynamodb', 'dynamodb:region': 'eu-west-1' };
  const { store } = localConfig({ stack: 'dev', overrides, log: (line) => void lines.push(line) });
  expect(store.kind).toBe('mongo');
  expect(lines).toEqual(['the store is MongoDB instead: the local run has no dynamodb']);
});

describe('a stack on Redis Streams', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'breakwater-stack-'));
  const lines: string[] = [];
  let stack: Stack;
  const options = {
    queue: 'redis-streams' as const,
    overrides: { 'consumer:flushIntervalMs': '50' },
    dataDir,
    ports: 'free' as const,
    env: { PATH: process.env.PATH },
    log: (line: string) => void lines.push(line),
  };
  beforeAll(async () => {
    stack = await startStack(options);
  }, 300_000);
  afterAll(async () => {
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  const write = async (): Promise<string[]> =>
    ((await getJson(`${stack.apiUrl}/api/data`, { timeoutMs: 30_000 })) as { writes: string[] }).writes;
  const untilDrained = () => until(async () => (await stack.status()).lag === 0, PATIENCE_MS);

  test('says which servers it chose', () => {
    expect(lines).toContainEqual(expect.stringMatching(/^Redis: .*ready in/));
    expect(lines).toContainEqual(expect.stringMatching(/^MongoDB: .*ready in/));
  });

  test('accepts, stores and shows it in its status', async () => {
    await stack.status();
    const ids = await write();
    const status = await stack.status();
    expect(status.requestsPerSecond).toBeGreaterThan(0);
    expect(status.p95Ms).toBeGreaterThan(0);
    await untilDrained();
    for (const id of ids) expect((await call(`${stack.apiUrl}/api/records/${id}`)).status).toBe(200);
  });

  test('refuses a second run on the same data, naming the first', async () => {
    await expect(startStack(options)).rejects.toThrow(new RegExp(`${dataDir} is in use by process ${process.pid}`));
  });

  test.each(['consumer-0', 'gate', 'redis', 'mongo', 'api-0'])('%s comes back when it is killed', async (name) => {
    const unit = stack.processes.get(name)!;
    const before = unit.pid;
    unit.kill('SIGKILL');
    await until(() => unit.pid !== before && lines.includes(`${name} is back`), PATIENCE_MS);
    await until(() => write().catch(() => undefined), PATIENCE_MS);
    await untilDrained();
  });

  test('starts again over its data', async () => {
    const [id] = await write();
    await stack.stop();
    await stack.stop();
    expect(existsSync(dataDir)).toBe(true);
    stack = await startStack(options);
    expect((await call(`${stack.apiUrl}/api/records/${id}`)).status).toBe(200);
  });
});

test('a stack on Kafka accepts and stores, also after its broker was killed', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'breakwater-stack-'));
  const lines: string[] = [];
  const stack = await startStack({
    brokers: 1,
    dataDir,
    ports: 'free',
    env: process.env,
    log: (line) => void lines.push(line),
  });
  try {
    expect(stack.config.queue.kind).toBe('kafka');
    expect(stack.config.kafka).toMatchObject({ brokers: 1, replicationFactor: 1, minInsyncReplicas: 1 });
    const accepts = async () => (await call(`${stack.apiUrl}/api/data`, { timeoutMs: 30_000 })).status === 200;
    await until(accepts, PATIENCE_MS);
    stack.processes.get('kafka-0')!.kill('SIGKILL');
    await until(() => lines.includes('kafka-0 is back'), PATIENCE_MS);
    await until(accepts, PATIENCE_MS);
    await until(async () => (await stack.status()).lag === 0, PATIENCE_MS);
  } finally {
    await stack.stop();
    rmSync(dataDir, { recursive: true });
  }
}, 120_000);

test('a start that is called off leaves nothing behind', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'breakwater-stack-'));
  const controller = new AbortController();
  const log = (line: string) => void (line.startsWith('Redis:') && controller.abort(new Error('called off')));
  const start = startStack({ queue: 'redis-streams', dataDir, ports: 'free', signal: controller.signal, log, env: {} });
  await expect(start).rejects.toThrow('called off');
  const again = await startStack({ queue: 'redis-streams', dataDir, ports: 'free', env: {} }); // the data is free again
  await again.stop();
  rmSync(dataDir, { recursive: true });
});

test('where Kafka cannot run, Redis Streams takes over and says so, unless Kafka was insisted on', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'breakwater-stack-'));
  const lines: string[] = [];
  const options = { dataDir, ports: 'free' as const, env: { PATH: '' }, log: (line: string) => void lines.push(line) };
  await expect(startStack({ ...options, queue: 'kafka' })).rejects.toThrow('no Java');
  const stack = await startStack(options);
  expect(stack.config.queue.kind).toBe('redis-streams');
  expect(lines.join('\n')).toMatch(/Kafka cannot run here: no Java.*Redis Streams instead/s);
  await stack.stop();
  rmSync(dataDir, { recursive: true });
});
