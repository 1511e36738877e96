import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { appEnvironment } from '../../test/app-environment.ts';
import { useRedis } from '../../test/servers.ts';

const redis = useRedis();
const main = fileURLToPath(new URL('./main.ts', import.meta.url));

test('the app starts, takes a new rate, shows metrics and stops on SIGTERM', async () => {
  const child = spawn(process.execPath, [main], {
    env: appEnvironment('producer', { QUEUE_KIND: 'redis-streams', REDIS_URL: redis.url, PRODUCER_RATE: '0' }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let output = '';
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout.on('data', (data) => {
        output += data;
        const started = /"metricsPort":(\d+)/.exec(output);
        if (started) resolve(Number(started[1]));
      });
      child.once('exit', () => reject(new Error(`it ended: ${output}`)));
    });
    const url = `http://127.0.0.1:${port}`;
    const put = (body: string) => fetch(`${url}/rate`, { method: 'PUT', body });
    expect((await put('{"rate":50000}')).status).toBe(400);
    expect((await put('nonsense')).status).toBe(400);
    expect(await (await put('{"rate":200}')).json()).toEqual({ rate: 200 });
    expect(await (await fetch(`${url}/rate`)).json()).toEqual({ rate: 200 });
    for (let text = ''; !/messages_total\{[^}]*outcome="accepted"[^}]*\} [1-9]/.test(text); )
      text = await (await fetch(`${url}/metrics`)).text();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
});

test('bad settings end it with status 2', async () => {
  const child = spawn(process.execPath, [main], { env: { PRODUCER_RATE: '-1' }, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
  expect(output).toMatch(/QUEUE_KIND.*PRODUCER_RATE/s);
});
