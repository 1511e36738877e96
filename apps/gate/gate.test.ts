// The gate between the real driver and a real MongoDB: what it counts, what it delays, what it
// passes unchanged.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { useMongo } from '../../test/servers.ts';
import { isFree } from './commands.ts';
import { FrameParser } from './frames.ts';
import { busiestSpan, type GateFixture, openGate, until } from './gate.testing.ts';
import type { GateSeconds, GateStats } from './gate.ts';

const mongo = useMongo();
const portOf = (url: string): number => Number(new URL(url).port);
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function gateFor(iops: number, upstreamPort = portOf(mongo.url), backupIops?: number): Promise<GateFixture> {
  const gate = await openGate(upstreamPort, iops, backupIops);
  cleanups.push(() => gate.stop());
  return gate;
}

async function clientOf(url: string, options: MongoClientOptions = {}): Promise<MongoClient> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000, ...options });
  cleanups.push(() => client.close());
  await client.connect();
  return client;
}

const operations = (gate: GateFixture, kind = ''): Promise<number> =>
  gate.metric('breakwater_gate_operations_total', kind && `kind="${kind}"`);

/**
 * A second witness, behind the gate: the time at which each operation's first byte reached MongoDB.
 */
async function startRecorder(): Promise<{ port: number; times: number[] }> {
  const times: number[] = [];
  const server: Server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: '127.0.0.1', port: portOf(mongo.url), noDelay: true });
    const parser = new FrameParser();
    client.on('data', (chunk: Buffer) => {
      parser.push(chunk);
      for (;;) {
        if (parser.takeBytes()) continue;
        const head = parser.takeHead();
        if (!head) break;
        if (!isFree(head.command)) times.push(performance.now());
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => client.write(chunk));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as [Socket, Socket][])
      one.on('close', () => other.destroy()).on('error', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return { port: (server.address() as { port: number }).port, times };
}

describe('counting', () => {
  test('an insertMany of 1.4 MB is 6 operations, a small one 1', async () => {
    const gate = await gateFor(0);
    const things = (await clientOf(gate.url)).db('count').collection('things');
    await things.insertMany(Array.from({ length: 2000 }, (_, i) => ({ i, payload: 'x'.repeat(680) })));
    expect(await operations(gate, 'insert')).toBe(6);
    expect(await gate.metric('breakwater_gate_commands_total', 'command="insert"')).toBe(1);
    await things.insertOne({ i: -1 });
    expect(await operations(gate, 'insert')).toBe(7);
    const { body } = await gate.get<GateSeconds>('/seconds');
    expect(body.limit).toBe(0);
    expect(body.seconds.reduce((sum, [, count]) => sum + count, 0)).toBe(7);
  });

  test('handshake, ping and sessions are free, everything else costs', async () => {
    const gate = await gateFor(0);
    const client = await clientOf(gate.url);
    await client.db('free').command({ ping: 1 });
    await client.db('free').command({ buildInfo: 1 });
    expect(await operations(gate)).toBe(0);
    await client.db('free').collection('a').findOne({});
    await client.db('free').collection('a').countDocuments({});
    await client
      .db('free')
      .command({ madeUp: 1 })
      .catch(() => undefined);
    expect(await operations(gate, 'find')).toBe(1);
    expect(await operations(gate, 'aggregate')).toBe(1);
    expect(await operations(gate, 'other')).toBe(1);
    expect(await operations(gate)).toBe(3);
    expect(await gate.metric('breakwater_gate_commands_total', 'command="buildInfo"')).toBe(1);
  });

  test('a large reply is charged afterwards', async () => {
    const gate = await gateFor(0);
    const things = (await clientOf(gate.url)).db('reply').collection<{ _id: number; payload: string }>('things');
    await things.insertOne({ _id: 1, payload: 'x'.repeat(1_000_000) });
    expect(await operations(gate, 'insert')).toBe(4);
    expect((await things.findOne({ _id: 1 }))?.payload).toHaveLength(1_000_000);
    expect(await operations(gate, 'find')).toBe(4);
  });
});

describe('limiting', () => {
  test('under 5 s of concurrent load no second is above the limit, and the limit is used', async () => {
    const limit = 60;
    const recorder = await startRecorder();
    const gate = await gateFor(limit, recorder.port);
    const client = await clientOf(gate.url, { maxPoolSize: 20, minPoolSize: 20 });
    const things = client.db('load').collection('things');
    const endMs = performance.now() + 5500;
    let acknowledged = 0;
    const user = async (): Promise<void> => {
      while (performance.now() < endMs) {
        await things.insertOne({ at: Date.now() });
        acknowledged++;
      }
    };
    await Promise.all(Array.from({ length: 20 }, user));
    const { body } = await gate.get<GateSeconds>('/seconds');
    const counts = body.seconds.map(([, count]) => count);
    expect(Math.max(...counts)).toBeLessThanOrEqual(limit);
    expect(counts.reduce((a, b) => a + b)).toBe(acknowledged);
    expect(counts.slice(1, 5).every((count) => count >= limit * 0.9)).toBe(true);
    // The recorder sees operations after two more sockets: 15 ms of tolerance at either end of a
    // second.
    expect(recorder.times).toHaveLength(acknowledged);
    expect(busiestSpan(recorder.times, 970)).toBeLessThanOrEqual(limit);
    expect(await things.countDocuments()).toBe(acknowledged);
  });

  test('a batch of 6 waits for 6 slots; heartbeats and pings on other connections do not wait', async () => {
    const gate = await gateFor(5);
    const client = await clientOf(gate.url, { maxPoolSize: 10, heartbeatFrequencyMS: 500, monitorCommands: true });
    let heartbeats = 0;
    client.on('serverHeartbeatSucceeded', () => heartbeats++);
    client.on('serverHeartbeatFailed', (event) => {
      throw event.failure;
    });
    const things = client.db('batch').collection('things');
    const startMs = performance.now();
    const large = things.insertMany(Array.from({ length: 2000 }, (_, i) => ({ i, payload: 'x'.repeat(680) })));
    await until('the batch waits', async () => (await gate.get<GateStats>('/stats')).body.queueLength === 1);
    const pingMs = performance.now();
    await client.db('batch').command({ ping: 1 });
    expect(performance.now() - pingMs).toBeLessThan(200);
    await large;
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(1000);
    expect(performance.now() - startMs).toBeLessThan(2500);
    expect(heartbeats).toBeGreaterThan(0);
    expect(await gate.metric('breakwater_gate_wait_seconds_count')).toBe(1);
  });

  test('a command whose client has disconnected is dropped', async () => {
    const gate = await gateFor(1);
    const client = await clientOf(gate.url);
    const things = client.db('gone').collection('things');
    await things.insertOne({ kept: true });
    const impatient = await clientOf(gate.url, { socketTimeoutMS: 200, retryWrites: false });
    const wait = things.insertOne({ kept: true });
    await expect(impatient.db('gone').collection('things').insertOne({ kept: false })).rejects.toThrow();
    await until('it is dropped', async () => (await gate.metric('breakwater_gate_abandoned_commands_total')) === 1);
    await wait;
    const direct = await clientOf(mongo.url);
    expect(await direct.db('gone').collection('things').countDocuments({ kept: false })).toBe(0);
    expect(await direct.db('gone').collection('things').countDocuments({ kept: true })).toBe(2);
  });
});

describe('a backup', () => {
  const read = async (port: number | undefined) =>
    (await clientOf(`mongodb://127.0.0.1:${port}/?directConnection=true`))
      .db('backup')
      .collection('things')
      .findOne({});

  test('is held to its share, large replies included, and others pass meanwhile', async () => {
    const things = (await clientOf(mongo.url)).db('backup').collection<{ _id: number; payload: string }>('things');
    await things.insertOne({ _id: 1, payload: 'x'.repeat(4_000_000) });
    // 16 operations, which take three seconds at the share and none without it.
    const gate = await gateFor(0, portOf(mongo.url), 5);
    const others = (await clientOf(gate.url)).db('backup').collection('others');
    await read(gate.backupPort);
    await others.insertOne({});
    expect(await operations(gate, 'find')).toBeLessThan(16);
    await read(gate.backupPort);
    expect(await operations(gate, 'find')).toBeGreaterThanOrEqual(17);
    expect(await operations(gate, 'insert')).toBe(1);
  });

  test('is charged to the limit of all', async () => {
    const gate = await gateFor(4, portOf(mongo.url), 0);
    await read(gate.backupPort);
    await (await clientOf(gate.url)).db('backup').collection('others').insertOne({});
    expect(await operations(gate, 'find')).toBe(16);
  }, 20_000);
});

describe('passing unchanged', () => {
  test('cursors, large documents, errors and unacknowledged writes pass unchanged', async () => {
    const gate = await gateFor(0);
    const things = (await clientOf(gate.url)).db('same').collection<{ _id: number; payload?: string }>('things');
    await things.insertMany(Array.from({ length: 1000 }, (_, i) => ({ _id: i })));
    const read = await things.find({}, { sort: { _id: 1 }, batchSize: 100 }).toArray();
    expect(read.map(({ _id }) => _id)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(await operations(gate, 'getMore')).toBeGreaterThanOrEqual(9);

    const payload = 'é'.repeat(7_900_000);
    await things.insertOne({ _id: 5000, payload });
    expect((await things.findOne({ _id: 5000 }))?.payload === payload).toBe(true);

    await expect(things.insertOne({ _id: 1 })).rejects.toMatchObject({ code: 11000 });
    await expect(things.insertOne({ _id: 5001, payload: 'x'.repeat(17_000_000) })).rejects.toThrow();

    await things.insertOne({ _id: 5002 }, { writeConcern: { w: 0 } });
    await until('the unacknowledged write is stored', async () => (await things.findOne({ _id: 5002 })) !== null);
  }, 120_000);
});

describe('failing loudly', () => {
  const sendRaw = (port: number, bytes: string): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port }, () => socket.write(bytes));
      socket.on('error', () => undefined).on('close', () => resolve());
    });

  test('anything but a MongoDB message closes the connection and is logged with its peer', async () => {
    const gate = await gateFor(100);
    await sendRaw(gate.port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const line = gate.log.find((entry) => entry.includes('malformed message'));
    expect(JSON.parse(line!)).toMatchObject({ level: 50, peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    expect(await gate.metric('breakwater_gate_malformed_messages_total', 'side="client"')).toBe(1);
  });

  test('MongoDB is killed: clients are rejected at once and the gate is not ready; it recovers with MongoDB', async () => {
    const gate = await gateFor(100);
    const client = await clientOf(gate.url, { serverSelectionTimeoutMS: 20_000 });
    const things = client.db('killed').collection<{ _id: number }>('things');
    await things.insertOne({ _id: 1 }, { writeConcern: { w: 1, journal: true } });
    expect((await gate.get('/readyz')).status).toBe(200);

    mongo.server.kill('SIGKILL');
    await mongo.server.exited;
    await until('not ready', async () => (await gate.get('/readyz')).status === 503);
    expect((await gate.get('/healthz')).status).toBe(200);
    expect(await gate.metric('breakwater_gate_upstream_up')).toBe(0);
    const startMs = performance.now();
    await sendRaw(gate.port, '');
    expect(performance.now() - startMs).toBeLessThan(500);
    expect(await gate.metric('breakwater_gate_refused_connections_total')).toBeGreaterThan(0);
    expect(gate.log.some((line) => line.includes('client rejected'))).toBe(true);

    await mongo.restart();
    await until('ready', async () => (await gate.get('/readyz')).status === 200);
    await things.insertOne({ _id: 2 });
    expect(await things.countDocuments()).toBe(2);
  }, 120_000);

  test('MongoDB is absent at start-up: the gate starts, is not ready, says so and retries', async () => {
    const port = portOf(mongo.url);
    await mongo.server.stop();
    const gate = await gateFor(100, port);
    expect((await gate.get('/readyz')).status).toBe(503);
    expect(gate.log.some((line) => line.includes('MongoDB is unreachable'))).toBe(true);
    await mongo.restart();
    await until('ready', async () => (await gate.get('/readyz')).status === 200);
    await (await clientOf(gate.url)).db('late').command({ ping: 1 });
  }, 120_000);
});

test('stopping lets the operation in progress finish; stopping twice is harmless', async () => {
  const gate = await gateFor(2);
  const client = await clientOf(gate.url);
  const things = client.db('stop').collection('things');
  await things.insertOne({});
  const waiting = things.insertOne({ last: true });
  await until('it waits', async () => (await gate.get<GateStats>('/stats')).body.queueLength === 1);
  const startMs = performance.now();
  const stopped = Promise.all([gate.stop(), gate.stop()]);
  await expect(waiting).resolves.toMatchObject({ acknowledged: true });
  await stopped;
  expect(performance.now() - startMs).toBeLessThan(2000);
});
