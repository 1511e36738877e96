import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Connection, parseResponse } from './connection.ts';

const json = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}';
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\n\r\n';
const early = `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${json}`;

describe('an answer is parsed however it is split', () => {
  test.each([
    ['with a length', json, { status: 200, body: '{"a":1}', close: false }],
    ['in chunks', chunked, { status: 200, body: '{"a":1}', close: false }],
    ['after an interim answer', early, { status: 200, body: '{"a":1}', close: false }],
    [
      'that closes',
      json.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
      { status: 200, body: '{"a":1}', close: true },
    ],
    ['without a body', 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n', { status: 204, body: '', close: false }],
  ])('%s', (_name, text, expected) => {
    for (let length = 0; length < text.length; length++) expect(parseResponse(text.slice(0, length), false)).toBeNull();
    expect(parseResponse(text, false)).toEqual(expected);
  });
  test('without a length: until the server closes', () => {
    const text = 'HTTP/1.1 200 OK\r\nX: y\r\n\r\nabc';
    expect(parseResponse(text, false)).toBeNull();
    expect(parseResponse(text, true)).toEqual({ status: 200, body: 'abc', close: true });
  });
  test('anything but HTTP', () => expect(parseResponse('SSH-2.0-OpenSSH', false)).toMatchObject({ status: 0 }));
});

describe('a connection', () => {
  let server: Server;
  let sockets: Socket[];
  /** What the server does with the n-th request it gets. */
  let serve: (socket: Socket, request: string, count: number) => void;
  let outcomes: string[];
  let onOutcome: () => void;

  beforeEach(async () => {
    sockets = [];
    outcomes = [];
    let count = 0;
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('data', (data) => serve(socket, data.toString(), count++));
      socket.on('error', () => {});
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const open = (keepAlive = true, port = (server.address() as { port: number }).port) =>
    new Connection({ host: '127.0.0.1', port }, keepAlive, {
      answered: (status, body) => {
        outcomes.push(`${status} ${body}`);
        onOutcome();
      },
      failed: (error, sent) => {
        outcomes.push(`${error.code ?? error.message} ${sent ? 'sent' : 'not sent'}`);
        onOutcome();
      },
    });
  const ask = (connection: Connection) =>
    new Promise<void>((resolve) => {
      onOutcome = resolve;
      connection.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    });

  test('is reused', async () => {
    serve = (socket) => void socket.write(json);
    const connection = open();
    for (let i = 0; i < 3; i++) await ask(connection);
    expect(outcomes).toEqual(Array(3).fill('200 {"a":1}'));
    expect(sockets).toHaveLength(1);
    connection.destroy();
  });

  test('is opened for each request if it is not kept alive, and closed by the server', async () => {
    serve = (socket) => void socket.end(json);
    const connection = open(false);
    for (let i = 0; i < 3; i++) await ask(connection);
    expect(outcomes).toEqual(Array(3).fill('200 {"a":1}'));
    expect(sockets).toHaveLength(3);
  });

  test('is reopened after the server closed it while idle', async () => {
    serve = (socket) => void socket.write(json);
    const connection = open();
    await ask(connection);
    sockets[0]!.end();
    await once(sockets[0]!, 'close');
    await ask(connection);
    expect(outcomes).toEqual(Array(2).fill('200 {"a":1}'));
    expect(sockets).toHaveLength(2);
    connection.destroy();
  });

  test('that breaks in the middle of an answer: the outcome is unknown', async () => {
    serve = (socket) => {
      socket.write(json.slice(0, -3), () => socket.destroy());
    };
    await ask(open());
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatch(/^(ECLOSED|ECONNRESET) sent$/);
  });

  test('that is reset after the request: the outcome is unknown', async () => {
    serve = (socket) => void socket.resetAndDestroy();
    await ask(open());
    expect(outcomes).toEqual(['ECONNRESET sent']);
  });

  test('that cannot be opened has sent nothing', async () => {
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    await ask(open(true, port));
    expect(outcomes).toEqual(['ECONNREFUSED not sent']);
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  test('to a server that does not speak HTTP fails', async () => {
    serve = (socket) => void socket.write('SSH-2.0-OpenSSH\r\n');
    await ask(open());
    expect(outcomes).toEqual(['EPROTO sent']);
  });

  test('that is cut fails once', async () => {
    const arrived = new Promise<void>((resolve) => {
      serve = () => resolve();
    });
    const connection = open();
    const asked = ask(connection);
    await arrived;
    connection.destroy(Object.assign(new Error(), { code: 'TIMEOUT' }));
    await asked;
    connection.destroy();
    expect(outcomes).toEqual(['TIMEOUT sent']);
  });
});
