import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LocalServer } from '../../test/local-server.ts';
import { PROFILES, scaleProfile } from '../profiles.ts';
import { jmeterPlan, threadGroups, writePlan } from './plan.ts';

describe('stages as thread groups', () => {
  test.each(Object.values(PROFILES))('$name: every user arrives once, within its stage', ({ stages }) => {
    const groups = threadGroups(stages);
    expect(groups.reduce((sum, { threads }) => sum + threads, 0)).toBe(Math.max(...stages.map(({ users }) => users)));
    for (const { threads, ramp, duration } of groups) {
      expect(threads).toBeGreaterThan(0);
      expect(duration).toBeGreaterThanOrEqual(Math.max(1, ramp));
    }
  });
  test('users arrive linearly and leave in steps', () =>
    expect(
      threadGroups([
        { seconds: 100, users: 10 },
        { seconds: 50, users: 20 },
        { seconds: 60, users: 20 },
        { seconds: 40, users: 0 },
      ]).slice(0, 6),
    ).toEqual([
      { threads: 2, delay: 0, ramp: 20, duration: 248 },
      { threads: 2, delay: 20, ramp: 20, duration: 224 },
      { threads: 2, delay: 40, ramp: 20, duration: 200 },
      { threads: 2, delay: 60, ramp: 20, duration: 176 },
      { threads: 2, delay: 80, ramp: 20, duration: 152 },
      { threads: 2, delay: 100, ramp: 10, duration: 128 },
    ]));
  test('users who come twice, at once, and stay to the end', () =>
    expect(
      threadGroups([
        { seconds: 0, users: 1 },
        { seconds: 10, users: 1 },
        { seconds: 0, users: 0 },
        { seconds: 5, users: 0 },
        { seconds: 2, users: 1 },
        { seconds: 8, users: 1 },
      ]),
    ).toEqual([
      { threads: 1, delay: 0, ramp: 0, duration: 10 },
      { threads: 1, delay: 15, ramp: 2, duration: 10 },
    ]));
});

test('a profile whose bodies JMeter cannot make has no plan', () => {
  expect(() => jmeterPlan(PROFILES.mixed!, { target: 'http://127.0.0.1:8000' })).toThrow(/mixed cannot be exported/);
});

/** JMeter takes seconds of CPU time to start. */
const RUN_MS = 180_000;

describe('JMeter runs the plan', () => {
  let directory: string;
  let server: LocalServer;
  let requests: { path: string; host: string | undefined }[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'breakwater-jmeter-'));
    requests = [];
    server = await LocalServer.start((req, res) => {
      requests.push({ path: req.url!, host: req.headers.host });
      res.end('{"status":"success"}');
    });
  });
  afterEach(async () => {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** The successes in the result file of a run. */
  async function run(plan: string): Promise<boolean[]> {
    const results = join(directory, 'results.csv');
    const main = join(import.meta.dirname, 'main.ts');
    const args = ['-n', '-t', plan, '-l', results, '-j', join(directory, 'jmeter.log')];
    const child = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([0, null]);
    const [head, ...rows] = (await readFile(results, 'utf8')).trim().split('\n');
    const success = head!.split(',').indexOf('success');
    return rows.map((row) => row.split(',')[success] === 'true');
  }

  test(
    'of a closed loop, with every user on a connection of its own',
    async () => {
      const profile = scaleProfile(PROFILES.smoke!, { vus: 6, timeScale: 0.3 });
      const plan = await writePlan(profile, { target: server.url, host: 'api.example', reportDir: directory });
      expect(plan).toBe(join(directory, 'smoke.jmx'));
      const successes = await run(plan);
      expect(successes.length).toBe(requests.length);
      expect(successes.every(Boolean)).toBe(true);
      expect(requests.length).toBeGreaterThanOrEqual(6);
      expect(server.connections).toBeLessThanOrEqual(6);
      for (const { path, host } of requests) expect([path, host?.split(':')[0]]).toEqual(['/api/data', 'api.example']);
    },
    RUN_MS,
  );

  test(
    'of a replay, with every request of the logs',
    async () => {
      const arrivals = { stepSeconds: 0.5, rates: [20, 20, 0, 40], connections: 10 };
      const profile = { ...PROFILES.smoke!, name: 'replay', arrivals };
      const successes = await run(await writePlan(profile, { target: server.url, reportDir: directory }));
      expect(successes).toEqual(Array(40).fill(true));
      expect(requests).toHaveLength(40);
    },
    RUN_MS,
  );
});
