// One connection between two sockets, both ends of which belong to the test: wire order, exhaust
// replies, backpressure, half-closing.
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { OP_COMPRESSED, OP_MSG } from './commands.ts';
import { Connection } from './connection.ts';
import { commandSection, int32, message, msgBody, until } from './gate.testing.ts';
import { Pacer } from './pacer.ts';
import { Throttle } from './throttle.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** The two ends of a new connection. */
function socketPair(): Promise<[Socket, Socket]> {
  return new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (there) => {
      server.close();
      resolve([here, there]);
    });
    server.listen(0, '127.0.0.1');
    let here: Socket;
    server.once('listening', () => {
      here = connect({ ...(server.address() as { port: number }), host: '127.0.0.1', allowHalfOpen: true });
    });
  });
}

async function join(limit: number) {
  const [client, gateClient] = await socketPair();
  const [gateUpstream, mongo] = await socketPair();
  const slots: string[] = [];
  const throttle = new Throttle({
    pacer: new Pacer({ limit }),
    now: () => performance.now(),
    onSlot: (kind) => slots.push(kind),
    onAdmitted: () => undefined,
  });
  const events: string[] = [];
  const connection = new Connection({
    client: gateClient,
    upstream: gateUpstream,
    throttle,
    events: {
      command: (label) => events.push(`command ${label}`),
      abandoned: (label) => events.push(`abandoned ${label}`),
      failed: (side, error) => events.push(`failed ${side} ${(error as { code?: string }).code}`),
      upstreamLeft: () => events.push('upstreamLeft'),
      closed: () => events.push('closed'),
    },
  });
  gateClient.resume();
  cleanups.push(() => {
    throttle.close();
    connection.destroy();
    client.destroy();
    mongo.destroy();
  });
  const received = (socket: Socket): { bytes: () => Buffer } => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
    return { bytes: () => Buffer.concat(chunks) };
  };
  return { client, mongo, gateClient, gateUpstream, connection, throttle, slots, events, received };
}

const request = (command: string, requestId: number, paddingBytes = 0, flags = 0): Buffer =>
  message(OP_MSG, msgBody([commandSection(command, paddingBytes)], flags), requestId);
const reply = (responseTo: number, requestId: number, paddingBytes = 0): Buffer =>
  message(OP_MSG, msgBody([commandSection('ok', paddingBytes)]), requestId, responseTo);

/** True once a value has changed and then stayed the same for 200 ms. */
function settled(read: () => number): () => boolean {
  let last = read();
  let sinceMs = performance.now();
  return () => {
    const value = read();
    if (value !== last || value === 0) sinceMs = performance.now();
    last = value;
    return performance.now() - sinceMs > 200;
  };
}

describe('Connection', () => {
  test('a free command behind a queued one waits its turn: the order on the wire stays', async () => {
    const { client, mongo, received, slots } = await join(5);
    const atMongo = received(mongo);
    mongo.resume();
    const sent = [request('insert', 1), request('insert', 2), request('ping', 3)];
    client.write(Buffer.concat(sent));
    await until('the first arrives', () => atMongo.bytes().length >= sent[0]!.length);
    expect(atMongo.bytes()).toHaveLength(sent[0]!.length);
    await until('all arrive', () => atMongo.bytes().equals(Buffer.concat(sent)));
    expect(slots).toEqual(['insert', 'insert']);
  });

  test('unrequested replies wait for slots like requests; those of hello are free', async () => {
    const { client, mongo, received, slots } = await join(10);
    const atClient = received(client);
    mongo.resume();
    client.write(request('hello', 1));
    await until('the request arrives', () => mongo.bytesRead > 0);
    mongo.write(Buffer.concat([reply(1, 100), reply(100, 101), reply(101, 102)]));
    const size = reply(1, 100).length;
    await until('three free replies', () => atClient.bytes().length === 3 * size);
    expect(slots).toEqual([]);

    client.write(request('getMore', 2));
    await until('slots taken', () => slots.length === 1);
    const startMs = performance.now();
    mongo.write(Buffer.concat([reply(2, 200), reply(200, 201), reply(201, 202), reply(202, 203)]));
    await until('all replies', () => atClient.bytes().length === 7 * size);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(280);
    expect(slots).toEqual(['getMore', 'getMore', 'getMore', 'getMore']);
  });

  test('40 bytes that claim to be 2 GiB once decompressed take few slots', async () => {
    const { client, mongo, received, slots } = await join(1000);
    const atMongo = received(mongo);
    mongo.resume();
    const zstd = 3;
    const claim = message(
      OP_COMPRESSED,
      Buffer.concat([int32(OP_MSG), int32(2 ** 31 - 1), Buffer.from([zstd]), Buffer.alloc(15)]),
    );
    const sent = Buffer.concat([claim, request('insert', 2)]);
    client.write(sent);
    await until('the next command passes', () => atMongo.bytes().equals(sent));
    expect(slots).toEqual(['compressed', 'compressed', 'insert']);
  });

  test('a large message is not read while it waits', async () => {
    const { client, mongo, gateClient, received, throttle } = await join(1);
    const atMongo = received(mongo);
    mongo.resume();
    throttle.admit('other', 100, () => undefined);
    client.write(request('insert', 2, 40_000_000));
    await until(
      'the sender is held up',
      settled(() => gateClient.bytesRead),
    );
    expect(gateClient.bytesRead).toBeLessThan(1_000_000);
    expect(atMongo.bytes()).toHaveLength(0);
  });

  test('a large message is not read while MongoDB does not read, and arrives complete when it does', async () => {
    const { client, mongo, gateUpstream, received } = await join(0);
    const large = request('insert', 2, 40_000_000);
    client.write(large);
    await until(
      'the sender is held up',
      settled(() => gateUpstream.writableLength),
    );
    expect(gateUpstream.writableLength).toBeLessThan(1_000_000);
    const atMongo = received(mongo);
    mongo.resume();
    await until('it is whole', () => atMongo.bytes().length === large.length);
    expect(atMongo.bytes().equals(large)).toBe(true);
  });

  test('a client that sends unacknowledged writes and disconnects: they are forwarded in their turn', async () => {
    const { client, mongo, received, throttle, events } = await join(4);
    const atMongo = received(mongo);
    mongo.resume();
    throttle.admit('other', 1, () => undefined);
    const writes = Buffer.concat([request('insert', 1, 0, 2), request('insert', 2, 0, 2)]);
    client.end(writes);
    let ended = false;
    mongo.on('end', () => {
      ended = true;
    });
    await until('they arrive and the end after them', () => ended);
    expect(atMongo.bytes().equals(writes)).toBe(true);
    expect(events).not.toContain('abandoned insert');
  });

  test('a client that disconnects while its command waits: MongoDB never receives it', async () => {
    const { client, mongo, received, throttle, events } = await join(1);
    const atMongo = received(mongo);
    mongo.resume();
    throttle.admit('other', 1, () => undefined);
    client.write(request('insert', 1));
    await until('it waits', () => throttle.queueLength === 1);
    client.destroy();
    await until('it is dropped', () => events.includes('closed'));
    expect(events).toContain('abandoned insert');
    expect(throttle.queueLength).toBe(0);
    expect(atMongo.bytes()).toHaveLength(0);
  });

  test('MongoDB closes the connection: the client gets the replies sent before, then the end', async () => {
    const { client, mongo, received, events } = await join(0);
    const atClient = received(client);
    let ended = false;
    client.on('end', () => {
      ended = true;
    });
    mongo.resume();
    client.write(request('find', 1));
    await until('the request arrives', () => mongo.bytesRead > 0);
    mongo.end(reply(1, 1, 3_000_000));
    await until('the end', () => ended);
    expect(atClient.bytes()).toHaveLength(reply(1, 1, 3_000_000).length);
    expect(events).toContain('upstreamLeft');
  });

  test('closing waits for the complete reply', async () => {
    const { client, mongo, received, connection, events } = await join(0);
    const atClient = received(client);
    mongo.resume();
    client.write(request('find', 1));
    await until('the request arrives', () => mongo.bytesRead > 0);
    connection.close();
    const whole = reply(1, 1, 1000);
    mongo.write(whole.subarray(0, 700));
    await until('a part arrives', () => atClient.bytes().length === 700);
    connection.close();
    await until(
      'nothing more comes',
      settled(() => atClient.bytes().length),
    );
    expect(events).not.toContain('closed');
    client.on('end', () => client.end());
    mongo.write(whole.subarray(700));
    await until('closed', () => events.includes('closed'));
    expect(atClient.bytes().equals(whole)).toBe(true);
  });

  test('a malformed reply ends the connection', async () => {
    const { client, mongo, events } = await join(0);
    client.on('error', () => undefined);
    mongo.write('this is not the wire protocol');
    await until('closed', () => events.includes('closed'));
    expect(events).toContain('failed upstream MALFORMED_FRAME');
  });
});
