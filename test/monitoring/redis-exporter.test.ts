// Redis' exporter really has the metrics that our rules and dashboards read of it: the distribution's package, on a real Redis.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { debianTree } from '../../local/install/debian.ts';
import { foreignMetrics } from '../../monitoring/foreign-metrics.ts';
import { freePort } from '../../tooling/ports.ts';
import { killIfRunning } from '../processes.ts';
import { useRedis } from '../servers.ts';
import { until } from '../until.ts';

const redis = useRedis();
const PACKAGE = 'prometheus-redis-exporter';
// Homebrew has none.
const whereItIs = process.platform === 'linux' ? test : test.skip;

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

whereItIs('every metric that we read is there', async () => {
  const text = async () => (await fetch(url).catch(() => undefined))?.text() ?? '';
  await until(async () => (await text()).includes('redis_up 1'));
  const names = new Set((await text()).split('\n').map((line) => line.replace(/[{ ].*/, '')));
  // Databases without a key are not told of, but by the names that they would have.
  const missing = foreignMetrics.redis.filter((name) => !names.has(name));
  expect(missing).toEqual([]);
});
