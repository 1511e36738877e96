import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LocalServer } from '../../test/local-server.ts';
import { PROFILES, type Profile, scaleProfile } from '../profiles.ts';
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
/** It lives for seconds: the optimizing compiler would take half of the CPU time for nothing. */
const JAVA_TOOL_OPTIONS = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

/** A run of a plan against a server of its own. */
interface Run {
  readonly plan: string;
  readonly connections: number;
  readonly requests: readonly { readonly path: string; readonly host: string | undefined }[];
  /** Of each line in the file of results. */
  readonly successes: readonly boolean[];
}

describe('JMeter runs the plan', () => {
  const arrivals = { stepSeconds: 0.5, rates: [20, 20, 0, 40], connections: 10 };
  let directory: string;
  let closed: Run;
  let replay: Run;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'breakwater-jmeter-'));
    [closed, replay] = await Promise.all([
      run(scaleProfile(PROFILES.smoke!, { vus: 6, timeScale: 0.3 }), 'api.example'),
      run({ ...PROFILES.smoke!, name: 'replay', arrivals }),
    ]);
  }, RUN_MS);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function run(profile: Profile, host?: string): Promise<Run> {
    const requests: { path: string; host: string | undefined }[] = [];
    const server = await LocalServer.start((req, res) => {
      requests.push({ path: req.url!, host: req.headers.host });
      res.end('{"status":"success"}');
    });
    const plan = await writePlan(profile, { target: server.url, host, reportDir: directory });
    const results = join(directory, `${profile.name}.csv`);
    const main = join(import.meta.dirname, 'main.ts');
    const args = ['-n', '-t', plan, '-l', results, '-j', join(directory, `${profile.name}.log`)];
    const env = { ...process.env, JAVA_TOOL_OPTIONS };
    const child = spawn(process.execPath, [main, ...args], { stdio: 'ignore', env });
    expect(await once(child, 'exit')).toEqual([0, null]);
    const { connections } = server;
    await server.close();
    const [head, ...rows] = (await readFile(results, 'utf8')).trim().split('\n');
    const success = head!.split(',').indexOf('success');
    return { plan, connections, requests, successes: rows.map((row) => row.split(',')[success] === 'true') };
  }

  test('of a closed loop, with every user on a connection of its own', () => {
    const { plan, connections, requests, successes } = closed;
    expect(plan).toBe(join(directory, 'smoke.jmx'));
    expect(successes.length).toBe(requests.length);
    expect(successes.every(Boolean)).toBe(true);
    expect(requests.length).toBeGreaterThanOrEqual(6);
    expect(connections).toBeLessThanOrEqual(6);
    for (const { path, host } of requests) expect([path, host?.split(':')[0]]).toEqual(['/api/data', 'api.example']);
  });

  test('of a replay, with every request of the logs', () => {
    expect(replay.successes).toEqual(Array(40).fill(true));
    expect(replay.requests).toHaveLength(40);
  });
});
