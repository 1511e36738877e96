// Several API processes on one port, as real processes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { caller, databaseUrl } from '../../test/api.ts';
import { appEnvironment } from '../../test/app-environment.ts';
import { killIfRunning, nodeArgs } from '../../test/processes.ts';
import { useMongo, useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { isUp } from '../../tooling/http.ts';
import { freePort } from '../../tooling/ports.ts';

const redis = useRedis();
const mongo = useMongo();

describe('API_WORKERS=2', () => {
  let parent: ChildProcess;
  let port: number;
  let metricsPort: number;

  /** Processes of the workers, as the kernel knows them. */
  const workers = (): number[] =>
    readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  const call = (...args: Parameters<ReturnType<typeof caller>>) => caller(`http://127.0.0.1:${port}`)(...args);
  const metrics = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${metricsPort}/metrics`).catch(() => undefined))?.text() ?? '';
  const metric = async (pattern: RegExp): Promise<number> => Number(pattern.exec(await metrics())?.[1] ?? 0);
  const accepted = () => metric(/breakwater_records_accepted_total{[^}]*} (\d+)/);

  beforeAll(async () => {
    port = await freePort();
    metricsPort = await freePort();
    parent = spawn(process.execPath, nodeArgs('apps/api/main.ts'), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        PATH: process.env.PATH,
        ...appEnvironment('api', {
          API_WORKERS: '2',
          API_PORT: String(port),
          METRICS_PORT: String(metricsPort),
          QUEUE_KIND: 'redis-streams',
          REDIS_URL: redis.url,
          MONGO_URL: databaseUrl(mongo.url, 'workers'),
          LOG_LEVEL: 'fatal',
        }),
      },
    });
    await until(async () => (await metric(/breakwater_build_info{[^}]*} (\d+)/)) === 1, 50_000);
    await until(() => isUp(`http://127.0.0.1:${metricsPort}/readyz`));
  }, 90_000);
  afterAll(() => killIfRunning(parent));

  /** Requests, each over a connection of its own, so that the kernel spreads them. */
  const requests = (count: number) =>
    Promise.all(Array.from({ length: count }, () => call('GET', '/api/data', undefined, { connection: 'close' })));

  test('both serve on the one port, and their metrics add up', async () => {
    await until(() => workers().length === 2);
    for (const { status } of await requests(40)) expect(status).toBe(200);
    await until(async () => (await accepted()) === 200);
  });

  test('a worker that is killed is replaced, and the other serves meanwhile', async () => {
    const before = workers();
    process.kill(before[0]!, 'SIGKILL');
    await until(() => workers().filter((pid) => !before.includes(pid)).length === 1);
    await until(async () => (await requests(1))[0]!.status === 200);
    for (const { status } of await requests(20)) expect(status).toBe(200);
    expect(workers().length).toBe(2);
  });

  test('what it had counted stays counted', async () => {
    await until(async () => (await accepted()) === 200 + 5 * 21);
    expect(await metric(/breakwater_build_info{[^}]*} (\d+)/)).toBe(1);
    expect(await metrics()).toMatch(/breakwater_http_request_duration_seconds_bucket/);
  });

  test('SIGTERM ends all of them, cleanly', async () => {
    const pids = workers();
    parent.kill('SIGTERM');
    expect(await once(parent, 'exit')).toEqual([0, null]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
