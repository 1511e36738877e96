// The server that listens: limits, room for ten thousand connections, and a drain that drops nobody.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEEP_ALIVE_MS } from '../shared/keep-alive.ts';
import { HttpError, rawError, toParserError } from './http-error.ts';

export interface ServerOptions {
  host: string;
  port: number;
  /** A request must have arrived whole within so many milliseconds. */
  requestTimeoutMs: number;
  /** How long it serves on after `drain` was called, milliseconds. */
  drainDelayMs: number;
  /** Connections that it holds at once; a further one is closed. Default: no limit. */
  maxConnections?: number;
  /** Called for each connection that exceeds the limit. */
  onDrop?: () => void;
}

export interface ApiServer {
  readonly port: number;
  /** Open connections. */
  connections(): number;
  /** Connections close with their next answer; serves on for a moment, then takes no more; requests under way end. */
  drain(): Promise<void>;
}

/** Connections that may wait to be accepted; the kernel cuts it to net.core.somaxconn. */
const BACKLOG = 65_535;

/** How often connections that became idle while draining are closed, milliseconds. */
const SWEEP_MS = 50;

/**
 * A client that neither sends nor takes anything for so long during a request is gone,
 * milliseconds.
 */
const STALLED_MS = 60_000;

/** Several processes may listen on one port; the kernel spreads connections over them. */
const CAN_SHARE_PORT = process.platform === 'linux';

/** @throws when the port is taken by a stranger */
export async function listen(handler: RequestListener, options: ServerOptions): Promise<ApiServer> {
  let draining = false;
  let connections = 0;
  const listener: RequestListener = (req, res) => {
    // Unlike a header that is set here, this costs nothing.
    if (draining) res.shouldKeepAlive = false;
    handler(req, res);
  };
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: Math.min(options.requestTimeoutMs, 10_000),
      requestTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8 * 1024,
      noDelay: true,
    },
    listener,
  );
  server.timeout = STALLED_MS;
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  server.on('drop', () => options.onDrop?.());
  // The reader of bodies decides whether to permit one.
  server.on('checkContinue', listener);
  server.on('checkExpectation', listener);
  // A proxy may open a connection ahead of its first request. Such a connection is idle, not slow;
  // Node would end it after `headersTimeout`.
  const unused = new Set<Socket>();
  server.on('clientError', (error: NodeJS.ErrnoException, duplex) => {
    const socket = duplex as Socket;
    if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT' || socket.bytesRead > 0 || draining)
      return answerParserError(error, socket);
    socket.setTimeout(KEEP_ALIVE_MS);
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('connect', refuseConnect);
  server.on('connection', (socket) => {
    connections++;
    socket.once('close', () => connections--);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, host: options.host, backlog: BACKLOG, reusePort: CAN_SHARE_PORT }, resolve);
  });
  let drained: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    drain() {
      drained ??= (async () => {
        draining = true;
        await sleep(options.drainDelayMs);
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        // For Node they are not idle: their first request is overdue.
        for (const socket of unused) if (socket.bytesRead === 0) socket.destroy();
        // Requests that were under way when draining began leave their connections idle once they are answered.
        const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
        await closed;
        clearInterval(sweep);
      })();
      return drained;
    },
  };
}

/** What is not HTTP, or comes too slowly: answered like any error, unless the answer has begun. */
function answerParserError(
  error: NodeJS.ErrnoException,
  // Node's own handler looks at the same field.
  socket: Socket & { _httpMessage?: ServerResponse | null },
): void {
  if (error.code !== 'ECONNRESET' && socket.writable && !socket._httpMessage?.headersSent)
    socket.write(rawError(toParserError(error.code)));
  socket.destroySoon();
}

/** This is no proxy. */
function refuseConnect(_req: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => undefined);
  socket.end(rawError(new HttpError(405, 'METHOD_NOT_ALLOWED', 'CONNECT is not allowed here')));
}
