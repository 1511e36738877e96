import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LocalServer } from '../../test/local-server.ts';
import { mixedRequest } from '../mixed.ts';
import { type Plan, readLoad } from '../plan.ts';
import type { SecondRow } from '../witness/figures.ts';
import { readWitness, type Witness } from '../witness/log.ts';
import { checksumOf } from '../witness/outcome.ts';
import { startBuiltin } from './start.ts';

let directory: string;
let server: LocalServer;
let serve: (origin: string, req: IncomingMessage, res: ServerResponse) => void;

const idsFor = (origin: string) => [0, 1, 2, 3, 4].map((index) => `${origin}:${index}`);
const success = (origin: string, res: ServerResponse) =>
  void res.end(JSON.stringify({ status: 'success', writes: idsFor(origin), reads: idsFor(origin) }));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-generator-'));
  server = await LocalServer.start((req, res) => serve(String(req.headers['x-origin']), req, res));
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

const plan = (more: Partial<Plan> = {}): Plan => ({
  run: 'run',
  target: server.url,
  stages: [
    { seconds: 0, users: 5 },
    { seconds: 1.5, users: 5 },
  ],
  thinkSeconds: [0, 0],
  keepAlive: true,
  timeoutMs: 60_000,
  gracefulStopMs: 5000,
  witnessFile: join(directory, 'witness.bin'),
  ...more,
});

async function play(given: Plan) {
  const rows: SecondRow[] = [];
  const totals = await readLoad(startBuiltin(given), (row) => rows.push(row));
  const witness: Witness[] = [];
  for await (const entry of readWitness(given.witnessFile)) witness.push(entry);
  return { totals, rows, witness };
}

describe('the generator, in its own process', () => {
  test('a mixed load sends each body byte by byte as it follows from the origin', async () => {
    const mix = { maxBodyBytes: 256 * 1024 };
    const seen = new Map<string, string | undefined>();
    serve = async (origin, req, res) => {
      const body = await text(req);
      seen.set(origin, req.method === 'POST' ? body : undefined);
      success(origin, res);
    };
    const { totals } = await play(plan({ mix, thinkSeconds: [0.01, 0.02] }));
    expect(seen.size).toBe(totals.requests);
    expect([...seen].filter(([, body]) => body !== undefined).length).toBeGreaterThan(0);
    for (const [origin, body] of seen) expect(body).toBe(mixedRequest(origin, mix).body);
  });

  test('sends every origin once, records every answer, keeps its connections', async () => {
    const served = new Map<string, number>();
    serve = (origin, req, res) => {
      expect(req.url).toBe('/api/data');
      served.set(origin, (served.get(origin) ?? 0) + 1);
      success(origin, res);
    };
    const { totals, rows, witness } = await play(plan());
    expect(totals).toMatchObject({ accepted: totals.requests, unknown: 0, refused: 0, shed: 0, shortReads: 0 });
    expect(totals.requests).toBeGreaterThan(100);
    expect(server.connections).toBe(5);
    expect([...served.values()].every((count) => count === 1)).toBe(true);
    expect(witness).toHaveLength(served.size);
    for (const { user, iteration, outcome, checksum } of witness) {
      const origin = `run/${user}/${iteration}`;
      expect(served.has(origin)).toBe(true);
      expect([outcome, checksum]).toEqual(['accepted', checksumOf(idsFor(origin))]);
    }
    expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(totals.requests);
    expect(rows[0]!.users).toBe(5);
    expect(rows.at(-1)!.users).toBe(0);
  });

  test('distinguishes shed, unknown and refused requests', async () => {
    let count = 0;
    const error = (res: ServerResponse, status: number, code: string) =>
      void res.writeHead(status).end(JSON.stringify({ status: 'error', code, message: 'x' }));
    serve = (origin, req, res) => {
      const kind = count++ % 5;
      if (kind === 0) success(origin, res);
      else if (kind === 1) error(res, 503, 'QUEUE_FULL');
      else if (kind === 2) error(res, 503, 'OUTCOME_UNKNOWN');
      else if (kind === 3) error(res, 500, 'INTERNAL');
      else req.socket.destroy();
    };
    const { totals, witness } = await play(plan({ thinkSeconds: [0.01, 0.02] }));
    const of = (outcome: string) => witness.filter((entry) => entry.outcome === outcome).length;
    expect(totals.accepted).toBe(of('accepted'));
    expect(totals.shed + totals.refused).toBe(of('refused'));
    expect(totals.unknown).toBe(of('unknown'));
    for (const part of [totals.accepted, totals.shed, totals.refused, totals.unknown]) expect(part).toBeGreaterThan(0);
    expect(Object.keys(totals.problems)).toEqual(expect.arrayContaining(['503 QUEUE_FULL', '503 OUTCOME_UNKNOWN']));
  });

  test('opens a connection per request if they are not kept alive, and thinks', async () => {
    serve = (origin, req, res) => {
      expect(req.headers.connection).toBe('close');
      success(origin, res);
    };
    const { totals } = await play(plan({ keepAlive: false, thinkSeconds: [0.1, 0.2] }));
    expect(server.connections).toBe(totals.requests);
    expect(totals.requests).toBeLessThan(5 * 16);
    expect(totals.requests).toBeGreaterThan(5 * 5);
  });

  test.each([
    ['during the run', { timeoutMs: 500 }, 'TIMEOUT'],
    ['at its end', { gracefulStopMs: 100 }, 'CUT_AT_END'],
  ])('cuts requests that take too long %s: unknown', async (_when, more, problem) => {
    serve = () => {}; // never answers
    const { totals, witness } = await play(plan(more));
    expect(totals.requests).toBe(5);
    expect(totals).toMatchObject({ unknown: 5, problems: { [problem]: 5 } });
    expect(witness.every(({ outcome }) => outcome === 'unknown')).toBe(true);
  });

  test('does not flood an absent server', async () => {
    await server.close();
    const { totals, witness } = await play(plan());
    expect(totals.requests).toBeLessThanOrEqual(5 * 3);
    expect(witness.every(({ outcome }) => outcome === 'refused')).toBe(true);
  });

  describe('with arrivals at a rate', () => {
    const arriving = (rates: number[], connections = 100) =>
      plan({
        stages: [{ seconds: rates.length, users: connections }],
        arrivals: { stepSeconds: 1, rates, connections },
      });

    test('sends all of them, over as few connections as it can', async () => {
      const origins = new Set<string>();
      serve = (origin, _req, res) => {
        origins.add(origin);
        success(origin, res);
      };
      const { totals, witness } = await play(arriving([20, 40]));
      expect(totals).toMatchObject({ requests: 60, accepted: 60 });
      expect(origins.size).toBe(60);
      expect(new Set(witness.map(({ user, iteration }) => `run/${user}/${iteration}`))).toEqual(origins);
      expect(server.connections).toBeLessThan(60);
    });

    test('sends at the same rate to a server that does not answer; latency counts from when they are due', async () => {
      const answers: (() => void)[] = [];
      serve = (origin, _req, res) => {
        answers.push(() => success(origin, res));
        if (answers.length === 30) for (const answer of answers) answer();
      };
      const { totals } = await play(arriving([30]));
      expect(totals).toMatchObject({ requests: 30, accepted: 30 });
      expect(server.connections).toBe(30);
      expect(totals.latency!.max).toBeGreaterThan(900);
    });

    test('does not send without a free connection, and counts it as failed', async () => {
      const held: (() => void)[] = [];
      serve = (origin, _req, res) => void held.push(() => success(origin, res));
      const load = startBuiltin(arriving([10, 10], 5));
      const totals = await readLoad(load, ({ t }) => {
        if (t === 1) for (const answer of held) answer();
      });
      expect(totals).toMatchObject({ requests: 20, accepted: 5, refused: 15 });
      expect(totals.problems).toEqual({ 'NO_FREE_CONNECTION (not sent)': 15 });
    });
  });

  test('stops early, with every request accounted for', async () => {
    const given = plan({
      stages: [
        { seconds: 0, users: 3 },
        { seconds: 600, users: 3 },
      ],
    });
    let received = 0;
    const first = Promise.withResolvers<void>();
    serve = (origin, _req, res) => {
      if (++received === 50) first.resolve();
      success(origin, res);
    };
    const load = startBuiltin(given);
    void first.promise.then(() => load.stop());
    const totals = await readLoad(load, () => {});
    expect(totals.requests).toBe(received);
    expect(totals.accepted).toBe(received);
  });

  test('fails with the reason when it cannot run', async () => {
    const load = startBuiltin(plan({ witnessFile: join(directory, 'no', 'such', 'folder') }));
    await expect(readLoad(load, () => {})).rejects.toThrow(/the generator failed: ENOENT/);
  });
});
