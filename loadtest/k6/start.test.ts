// k6 keeps the promises of our own generator. Runs only if k6 is on the PATH.
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LocalServer } from '../../test/local-server.ts';
import { findProgram } from '../../tooling/programs.ts';
import { mixedRequest } from '../mixed.ts';
import { type Plan, readLoad } from '../plan.ts';
import type { SecondRow } from '../witness/figures.ts';
import { readWitness, type Witness } from '../witness/log.ts';
import { checksumOf } from '../witness/outcome.ts';
import { startK6 } from './start.ts';

const k6 = findProgram('k6', process.env.PATH);

(k6 ? describe : describe.skip)('k6', () => {
  let directory: string;
  let server: LocalServer;
  let serve: (origin: string, res: ServerResponse, req: IncomingMessage) => void;
  const served = new Map<string, number>();
  const idsFor = (origin: string) => [0, 1, 2, 3, 4].map((index) => `${origin}:${index}`);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'breakwater-k6-'));
    served.clear();
    serve = (origin, res) =>
      void res.end(JSON.stringify({ status: 'success', writes: idsFor(origin), reads: idsFor(origin) }));
    server = await LocalServer.start((req, res) => {
      const origin = String(req.headers['x-origin']);
      served.set(origin, (served.get(origin) ?? 0) + 1);
      serve(origin, res, req);
    });
  });
  afterEach(async () => {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });

  const plan = (more: Partial<Plan>): Plan => ({
    run: 'run',
    target: server.url,
    stages: [{ seconds: 1, users: 10 }],
    thinkSeconds: [0.01, 0.02],
    keepAlive: true,
    timeoutMs: 60_000,
    gracefulStopMs: 1000,
    witnessFile: join(directory, 'witness.bin'),
    ...more,
  });
  async function play(given: Plan) {
    const rows: SecondRow[] = [];
    const totals = await readLoad(startK6(k6!)(given), (row) => rows.push(row));
    const witness: Witness[] = [];
    for await (const entry of readWitness(given.witnessFile)) witness.push(entry);
    return { totals, rows, witness };
  }

  test('witnesses every request once, also of users who leave and come back', async () => {
    const stages = [
      { seconds: 1, users: 10 },
      { seconds: 1, users: 0 },
      { seconds: 1, users: 10 },
    ];
    const { totals, rows, witness } = await play(plan({ stages }));
    expect([...served.values()].every((count) => count === 1)).toBe(true);
    expect(new Set(witness.map(({ user, iteration }) => `run/${user}/${iteration}`))).toEqual(new Set(served.keys()));
    for (const { user, iteration, outcome, checksum } of witness)
      expect([outcome, checksum]).toEqual(['accepted', checksumOf(idsFor(`run/${user}/${iteration}`))]);
    expect(totals.accepted).toBe(served.size);
    expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(totals.requests);
  });

  test('sends each body of a mixed load byte by byte as it follows from the origin', async () => {
    const mix = { maxBodyBytes: 256 * 1024 };
    const seen = new Map<string, string | undefined>();
    const answer = serve;
    serve = async (origin, res, req) => {
      const body = await text(req);
      seen.set(origin, req.method === 'POST' ? body : undefined);
      answer(origin, res, req);
    };
    const { totals } = await play(plan({ mix, stages: [{ seconds: 2, users: 10 }] }));
    expect(seen.size).toBe(totals.requests);
    expect([...seen].filter(([, body]) => body !== undefined).length).toBeGreaterThan(20);
    for (const [origin, body] of seen) expect(body).toBe(mixedRequest(origin, mix).body);
  });

  test('counts what it cut at the end as unknown', async () => {
    serve = () => {};
    const { witness } = await play(
      plan({
        stages: [
          { seconds: 0, users: 3 },
          { seconds: 1, users: 3 },
        ],
        gracefulStopMs: 200,
      }),
    );
    const unknown = new Set(
      witness.filter(({ outcome }) => outcome === 'unknown').map((one) => `run/${one.user}/${one.iteration}`),
    );
    expect(served.size).toBe(3);
    for (const origin of served.keys()) expect(unknown).toContain(origin);
  });

  test('stops early, and says why it cannot begin', async () => {
    const load = startK6(k6!)(plan({ stages: [{ seconds: 60, users: 10 }] }));
    const totals = await readLoad(load, (row) => row.requests > 0 && load.stop());
    expect(totals.accepted).toBeGreaterThan(0);
    await expect(readLoad(startK6(join(directory, 'k6'))(plan({})), () => {})).rejects.toThrow(
      /k6 could not be started/,
    );
  });
});
