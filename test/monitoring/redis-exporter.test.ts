// Redis' exporter (the distribution's package, on a real Redis) has the metrics that we read.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { debianTree } from '../../local/install/debian.ts';
import { externalMetrics } from '../../monitoring/external-metrics.ts';
import { freePort } from '../../tooling/ports.ts';
import { killIfRunning } from '../processes.ts';
import { useRedis } from '../servers.ts';
import { until } from '../until.ts';

const redis = useRedis();
const PACKAGE = 'prometheus-redis-exporter';
// Homebrew has no such package.
const onLinux = process.platform === 'linux' ? test : test.skip;

let exporter: ChildProcess | undefined;
let url: string;
beforeAll(async () => {
  if (process.platform !== 'linux') return;
  const tree = await debianTree({ label: 'redis-exporter', packages: [PACKAGE, 'libc6'] });
  const [command, ...args] = tree.command(join(tree.root, 'usr', 'bin', PACKAGE));
  const port = await freePort();
  url = `http://127.0.0.1:${port}/metrics`;
  exporter = spawn(command!, [...args, `--redis.addr=${redis.url}`, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: 'ignore',
  });
}, 300_000);
afterAll(() => killIfRunning(exporter));

onLinux('every metric that we read exists', async () => {
  const text = async () => (await fetch(url).catch(() => undefined))?.text() ?? '';
  await until(async () => (await text()).includes('redis_up 1'));
  const names = new Set((await text()).split('\n').map((line) => line.replace(/[{ ].*/, '')));
  // Redis is empty, but the exporter declares the metrics of its keys all the same.
  const missing = externalMetrics.redis.filter((name) => !names.has(name));
  expect(missing).toEqual([]);
});
