// What the load test reads from consumers: of the local run over HTTP, of a cluster through
// kubectl.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createConsumerMetrics } from '../apps/consumer/metrics.ts';
import { createRegistry } from '../apps/shared/metrics.ts';
import { LocalServer } from '../test/local-server.ts';
import { Kubectl } from '../tooling/cluster/kubectl.ts';
import { clusterConsumers, localConsumers } from './consumers.ts';

const registry = createRegistry('consumer');
createConsumerMetrics(registry).lost.inc(3);
let directory: string;
let server: LocalServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-consumers-'));
  server = await LocalServer.start(async (_req, res) => void res.end(await registry.metrics()));
});
afterAll(async () => {
  await server?.close();
  await rm(directory, { recursive: true, force: true });
});

async function running(name: string, ...lines: string[]) {
  const file = join(directory, name);
  await writeFile(file, `${lines.join('\n')}\n`);
  return localConsumers(file)!;
}

test('without a local run there are no consumers', () =>
  expect(localConsumers(join(directory, 'absent'))).toBeUndefined());

test('the local run: what each consumer counted since it started', async () => {
  const losses = await (await running('one', `CONSUMER_TARGETS=${server.address}`)).losses();
  expect([...losses]).toEqual([[expect.stringMatching(`^${server.address} since \\d+`), 3]]);
});

test.each([
  ['a consumer that does not answer', 'CONSUMER_TARGETS=127.0.0.1:1', /consumer at 127\.0\.0\.1:1 does not answer/],
  ['a stack that names no consumers', 'QUEUE_NAME=posts', /start it again/],
])('%s: unknown', async (name, line, message) => {
  await expect((await running(name, line)).losses()).rejects.toThrow(message);
});

test('a cluster: each running pod that stays, and the dead letters through the consumer', async () => {
  const letters = [{ id: '1-0', reason: 'refused' }];
  const pods = [
    { metadata: { name: 'consumer-a' } },
    { metadata: { name: 'consumer-b' } },
    { metadata: { name: 'consumer-c', deletionTimestamp: '2026-01-01T00:00:00Z' } },
  ];
  const calls: string[] = [];
  const kubectl = new Kubectl({ kubeconfigPath: '/k' }, async (_command, args) => {
    calls.push(args.slice(1).join(' '));
    if (args.includes('get')) return JSON.stringify({ items: pods });
    return args.includes('deadletters/main.ts') ? JSON.stringify(letters) : registry.metrics();
  });
  const consumers = clusterConsumers(kubectl, 'breakwater');
  const named = (pod: string) => [expect.stringMatching(`^${pod} since \\d+`), 3];
  expect([...(await consumers.losses())]).toEqual([named('consumer-a'), named('consumer-b')]);
  expect(await consumers.deadLetters(10_000)).toEqual(letters);
  expect(calls.at(-1)).toBe(
    'exec --namespace breakwater deployment/consumer -- node deadletters/main.ts list --json --limit 500',
  );
});

test('a consumer whose metrics lack the count: unknown', async () => {
  const other = await LocalServer.start((_req, res) => void res.end('process_start_time_seconds 1\n'));
  try {
    await expect((await running('other', `CONSUMER_TARGETS=${other.address}`)).losses()).rejects.toThrow(
      /does not say how many records/,
    );
  } finally {
    await other.close();
  }
});
