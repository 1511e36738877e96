// The whole load test against a small API that can break each promise, on a real MongoDB.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Documents } from '../apps/shared/group.ts';
import { connectMongo } from '../apps/shared/mongo.ts';
import { payloadFor } from '../apps/shared/payload.ts';
import { makeRecords } from '../apps/shared/record.testing.ts';
import type { DataRecord } from '../apps/shared/record.ts';
import { MongoStore } from '../apps/shared/store/mongo/store.ts';
import { RECORDS } from '../apps/shared/store/store.ts';
import { LocalServer } from '../test/local-server.ts';
import { useMongo } from '../test/servers.ts';
import { NotReadyError } from '../tooling/errors.ts';
import type { Consumers } from './consumers.ts';
import { startBuiltin } from './generator/start.ts';
import { withDatabase } from './ledger/store-at.ts';
import type { Plan } from './plan.ts';
import type { Profile } from './profiles.ts';
import { PROFILES } from './profiles.ts';
import type { Report } from './report/report.ts';
import { type RunOptions, runLoadTest } from './run.ts';

const mongo = useMongo();
const PAYLOAD_CHARS = 64;
const profile: Profile = {
  ...PROFILES.smoke!,
  stages: [
    { seconds: 0, users: 4 },
    { seconds: 1, users: 4 },
  ],
  thinkSeconds: [0.02, 0.04],
};

/** What the API does with the n-th request. By default it keeps every promise. */
interface Behaviour {
  /** Which of the records in the answer are stored. */
  store: (records: DataRecord[], count: number) => DataRecord[];
  /** A status other than 200 refuses. */
  status: (count: number) => number;
}
const honest: Behaviour = { store: (records) => records, status: () => 200 };

let behaviour: Behaviour;
let count: number;
let gate: { limit: number; seconds: [number, number][] };
let lag: number | null;
let deadLetters: number | null;
let server: LocalServer;
let target: string;
let client: ReturnType<typeof connectMongo>['client'];
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-run-'));
  const connection = connectMongo({ url: withDatabase(mongo.url), appName: 'test' });
  client = connection.client;
  const store = new MongoStore(connection.db);
  server = await LocalServer.start(async (req, res) => {
    if (req.url === '/api/stats')
      return void res.end(JSON.stringify({ lag, deadLetters, accepted: 1, cacheHitRatio: 0.5 }));
    if (req.url === '/seconds') return void res.end(JSON.stringify(gate));
    const origin = String(req.headers['x-origin']);
    const records = makeRecords(
      'post',
      origin,
      [0, 1, 2, 3, 4].map((i) => payloadFor(origin, i, PAYLOAD_CHARS)),
    );
    const status = behaviour.status(++count);
    await store.insert(Documents.ofRecords(behaviour.store(records, count)));
    const ids = records.map(({ _id }) => _id);
    const body =
      status === 200 ? { status: 'success', writes: ids, reads: ids } : { status: 'error', code: 'QUEUE_FULL' };
    res.writeHead(status).end(JSON.stringify(body));
  });
  target = server.url;
});
afterAll(async () => {
  await server?.close();
  await client?.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => {
  behaviour = honest;
  count = 0;
  const now = Math.floor(Date.now() / 1000);
  gate = { limit: 100, seconds: Array.from({ length: 60 }, (_, i) => [now + i, 50]) };
  lag = 0;
  deadLetters = 0;
});

const run = (more: Partial<RunOptions> = {}): Promise<Report> =>
  runLoadTest({
    profile,
    target,
    mongoUrl: mongo.url,
    gateUrl: target,
    payloadChars: PAYLOAD_CHARS,
    drainTimeoutSeconds: 5,
    drainConfirmMs: 0, // this API's numbers are never old
    engine: { name: 'builtin', start: startBuiltin },
    ...more,
  });
const failed = (report: Report) => report.checks.filter(({ ok }) => ok === false).map(({ name }) => name);

describe('a run', () => {
  test('passes when every promise is kept', async () => {
    const report = await run();
    expect(failed(report)).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.ledger).toMatchObject({
      ok: true,
      promised: report.totals.accepted * 5,
      stored: report.totals.accepted * 5,
    });
    expect(report.totals.requests).toBeGreaterThan(20);
    expect(report.samples.length).toBeGreaterThan(1);
    expect(report.gateSeconds.length).toBeGreaterThan(0);
  });

  const lies: [string, Partial<Behaviour>, object][] = [
    ['answers before it stores, and forgets one', { store: (all, n) => (n === 9 ? all.slice(1) : all) }, { lost: 1 }],
    ['stores what it refused', { status: (n) => (n === 7 ? 503 : 200) }, { phantom: 5, lost: 0 }],
    [
      'makes ids anew when it stores again',
      { store: (all, n) => (n === 9 ? [...all, { ...all[2]!, _id: all[2]!._id.replace(/^..../, 'ffff') }] : all) },
      { double: 1, lost: 0 },
    ],
    [
      'stores another payload',
      { store: (all) => all.map((one, i) => (i === 3 ? { ...one, payload: one.payload.replace(/.$/, '~') } : one)) },
      { lost: 0 },
    ],
  ];
  test.each(lies)('the ledger finds an API that %s', async (_name, lie, expected) => {
    behaviour = { ...honest, ...lie };
    const report = await run();
    expect(failed(report)).toContain('ledger');
    expect(report.ledger).toMatchObject({ ok: false, ...expected });
  });

  test('checks what beforeLedger leaves in the store', async () => {
    const { client, db } = connectMongo({ url: withDatabase(mongo.url), appName: 'test' });
    const beforeLedger = async () => void (await db.collection(RECORDS).deleteMany({}));
    const report = await run({ beforeLedger }).finally(() => client.close());
    expect(report.ledger).toMatchObject({ ok: false, stored: 0, lost: report.totals.accepted * 5 });
  });

  test('fails on a second above the limit', async () => {
    behaviour = {
      ...honest,
      status(n) {
        if (n === 1) gate.seconds.find(([second]) => second === Math.floor(Date.now() / 1000))![1] = 101;
        return 200;
      },
    };
    expect(failed(await run())).toEqual(['gate']);
  });
  test('fails when the queue does not drain', async () => {
    lag = 3;
    expect(failed(await run({ drainTimeoutSeconds: 1 }))).toEqual(['queue drained']);
  });
  test('fails on a dead letter that it did not expect', async () => {
    behaviour = {
      ...honest,
      store(records) {
        if (deadLetters === 1) return records;
        deadLetters = 1;
        return records.slice(1);
      },
    };
    const report = await run();
    expect(failed(report)).toEqual(['ledger']);
    expect(report.ledger).toMatchObject({ lost: 1, dead: 0, unexpectedDead: 1 });
  });
  test('passes with the dead letters that it expected, which are those of its records', async () => {
    const kept: DataRecord[] = [];
    behaviour = {
      ...honest,
      store(records) {
        if (kept.length > 0) return records;
        kept.push(records[0]!);
        deadLetters = 1;
        return records.slice(1);
      },
    };
    const report = await run({
      expectedDeadLetters: 1,
      consumers: {
        losses: async () => new Map(),
        deadLetters: async () =>
          kept.map((record) => ({ id: '1', reason: 'refused', failedAt: record.createdAt, record })),
      },
    });
    expect(failed(report)).toEqual([]);
    expect(report.ledger).toMatchObject({ lost: 0, dead: 1, unexpectedDead: 0 });
  });
  test.each(['before', 'after'])('fails when the number of dead letters %s the load is unknown', async (when) => {
    if (when === 'before') deadLetters = null;
    behaviour = {
      ...honest,
      status() {
        deadLetters = when === 'before' ? 0 : null;
        return 200;
      },
    };
    const report = await run();
    expect(failed(report)).toEqual(['ledger']);
    expect(report.ledger).toMatchObject({ failed: expect.stringContaining(when) });
  });
  const counting = (...counts: (Record<string, number> | Error)[]): Consumers => ({
    async losses() {
      const count = counts.length > 1 ? counts.shift()! : counts[0]!;
      if (count instanceof Error) throw count;
      return new Map(Object.entries(count));
    },
    deadLetters: async () => [],
  });
  test('fails on a loss that a consumer counted, of whichever records', async () => {
    const report = await run({ consumers: counting({ a: 7, b: 0 }, { a: 7, c: 2 }) });
    expect(failed(report)).toEqual(['lost records']);
    expect(report.ledger).toMatchObject({ ok: true });
    expect(report.losses).toEqual({ processes: 3, records: 2, ok: false });
  });
  test('passes with losses from before it', async () => {
    const report = await run({ consumers: counting({ a: 7 }) });
    expect(failed(report)).toEqual([]);
    expect(report.losses).toEqual({ processes: 1, records: 0, ok: true });
  });
  test.each([
    ['before', [new Error('silent'), { a: 0 }]],
    ['after', [{ a: 0 }, new Error('silent')]],
  ])('fails when what the consumers counted %s the load is unknown', async (_when, counts) => {
    const report = await run({ consumers: counting(...counts) });
    expect(failed(report)).toEqual(['lost records']);
    expect(report.losses).toMatchObject({ failed: expect.stringContaining('silent') });
  });
  test('fails when one percent is shed, with nothing stored of it', async () => {
    let shed = false;
    behaviour = {
      status: () => ((shed = !shed) ? 503 : 200),
      store: (records) => (shed ? [] : records),
    };
    const report = await run();
    expect(failed(report)).toEqual(['failed requests']);
    expect(report.totals.shed).toBeGreaterThan(0);
    expect(report.ledger).toMatchObject({ ok: true, phantom: 0 });
  });
  test.each([
    [8, 8 * 1024],
    [undefined, 256 * 1024],
  ])('sends no larger bodies than the API takes: a limit of %s KiB', async (bodyLimitKiB, maxBodyBytes) => {
    const plans: Plan[] = [];
    const start = (plan: Plan) => {
      plans.push(plan);
      return startBuiltin(plan);
    };
    const mixed = { ...profile, mixed: true };
    await run({ profile: mixed, mongoUrl: null, bodyLimitKiB, engine: { name: 'builtin', start } });
    expect(plans).toMatchObject([{ mix: { maxBodyBytes } }]);
  });
  test('does not start if nothing answers', async () => {
    const options = {
      profile,
      mongoUrl: null,
      gateUrl: null,
      drainTimeoutSeconds: 1,
      engine: { name: 'builtin' as const, start: startBuiltin },
    };
    await expect(runLoadTest({ ...options, target: 'http://127.0.0.1:1' })).rejects.toThrow(NotReadyError);
    await expect(runLoadTest({ ...options, target: 'http://127.0.0.1:1' })).rejects.toThrow(/npm start/);
    await expect(runLoadTest({ ...options, target, gateUrl: 'http://127.0.0.1:1' })).rejects.toThrow(/--gate none/);
    const nowhere = { mongoUrl: 'mysql://127.0.0.1:1/breakwater' };
    await expect(runLoadTest({ ...options, target, ...nowhere })).rejects.toThrow(/127\.0\.0\.1:1.*--mongo none/s);
  });
});

describe('the command', () => {
  const start = (...args: string[]) => {
    const main = join(import.meta.dirname, 'main.ts');
    const flags = [main, '--engine', 'builtin', '--report', directory];
    const child = spawn(process.execPath, [...flags, '--payload-chars', String(PAYLOAD_CHARS), ...args]);
    const command = { child, output: '', status: once(child, 'close').then(([code]) => code as number) };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (command.output += text));
    return command;
  };
  const everything = () => [
    '--target',
    target,
    '--mongo',
    mongo.url,
    '--gate',
    target,
    '--time-scale',
    '0.2',
    '--vus',
    '4',
  ];

  test('status 0 and a report when all checks hold', async () => {
    const command = start(...everything());
    expect(await command.status).toBe(0);
    expect(command.output).toMatch(/✓ ledger +clean/);
    const folder = join(directory, (await readdir(directory)).find((name) => name.startsWith('smoke-'))!);
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
    expect(report).toMatchObject({ ok: true, engine: 'builtin', target });
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('verdict good">passed');
  });
  test('repeats the traffic of a log', async () => {
    const line = (second: number) =>
      `10.0.0.1 - - [17/May/2015:08:05:0${second} +0000] "GET / HTTP/1.1" 200 0 "-" "curl"\n`;
    const log = join(directory, 'access.log');
    await writeFile(log, `${line(0).repeat(4)}nonsense\n${line(2).repeat(2)}`);
    const addresses = ['--target', target, '--mongo', mongo.url, '--gate', target];
    const command = start(...addresses, '--replay', log, '--replay-factor', '5', '--time-scale', '0.5');
    expect(await command.status).toBe(0);
    expect(command.output).toMatch(/replay: 6 requests from 1 file \(combined\); 1 lines of no known format/);
    expect(command.output).toMatch(/traffic of 2015-05-17T08:05:00Z to 2015-05-17T08:05:02Z, times 5/);
    expect(command.output).toMatch(/accepted +15 /);
    const absent = start(...addresses, '--replay', join(directory, 'absent.log'));
    expect(await absent.status).toBe(2);
    expect(absent.output).toMatch(/cannot read .*absent\.log/);
  });
  test('status 1 when a record is lost', async () => {
    behaviour = { ...honest, store: (records) => records.slice(1) };
    const command = start(...everything());
    expect(await command.status).toBe(1);
    expect(command.output).toMatch(/✗ ledger +[\d,]+ lost/);
  });
  test('status 2 for wrong usage and for an absent target', async () => {
    const wrong = start('--profile', 'x');
    expect(await wrong.status).toBe(2);
    expect(wrong.output).toMatch(/choose from smoke, demo/);
    const absent = start('--target', 'http://127.0.0.1:1');
    expect(await absent.status).toBe(2);
    expect(absent.output).toMatch(/npm start/);
  });
  test('Ctrl-C ends the load, and it is still drained and checked', async () => {
    const command = start(...everything(), '--time-scale', '60');
    const { promise: began, resolve } = Promise.withResolvers<void>();
    command.child.stdout.on('data', () => /req\/s/.test(command.output) && resolve());
    await began;
    command.child.kill('SIGINT');
    expect(await command.status).toBe(130);
    expect(command.output).toMatch(/ended early/);
    expect(command.output).toMatch(/✓ ledger +clean/);
  });
});
