// The listening side: accepts clients and opens a connection to MongoDB for each. Rejects clients
// while MongoDB is unreachable.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../shared/logger.ts';
import { Connection } from './connection.ts';
import { MalformedFrameError } from './frames.ts';
import type { GateMetrics } from './metrics.ts';
import type { Throttle } from './throttle.ts';
import type { Upstream } from './upstream.ts';

export interface ProxyOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  upstream: Upstream;
  throttle: Throttle;
  metrics: GateMetrics;
  logger: Logger;
  /** How long `close` waits for operations in progress, milliseconds. Default 10,000. */
  drainTimeoutMs?: number;
}

/** Length of the accept queue: enough for several connection pools that reconnect at once. */
const BACKLOG = 4096;

export class GateProxy {
  readonly #options: ProxyOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #clients = new Set<Socket>();
  #closing: Promise<void> | undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true },
      (client) => void this.#accept(client),
    );
  }

  /** Connected clients. */
  get connectionCount(): number {
    return this.#clients.size;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @throws when the port is taken */
  listen(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /**
   * Accepts no more clients, lets operations in progress finish, then closes. May be called twice.
   */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#options.logger.warn(
          { connections: this.#connections.size },
          'closing connections with operations in progress',
        );
        for (const connection of this.#connections) connection.destroy();
        for (const client of this.#clients) client.destroy();
      }, this.#options.drainTimeoutMs ?? 10_000);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      for (const connection of this.#connections) connection.close();
    });
    return this.#closing;
  }

  async #accept(client: Socket): Promise<void> {
    const { upstream, metrics, logger } = this.#options;
    const peer = `${client.remoteAddress}:${client.remotePort}`;
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    const ignoreError = (error: Error): void => logger.debug({ peer, err: error }, 'client connection failed');
    client.on('error', ignoreError);
    if (!upstream.isUp) {
      metrics.refused();
      logger.warn({ peer, upstream: upstream.address }, 'client rejected: MongoDB is unreachable');
      client.destroy();
      return;
    }
    try {
      const socket = await upstream.connect();
      client.off('error', ignoreError);
      if (client.destroyed) socket.destroy();
      else this.#join(client, socket, peer);
    } catch (error) {
      metrics.refused();
      logger.warn({ peer, upstream: upstream.address, err: error }, 'client rejected: no connection to MongoDB');
      client.destroy();
      upstream.suspect();
    }
  }

  #join(client: Socket, socket: Socket, peer: string): void {
    const { upstream, throttle, metrics, logger } = this.#options;
    const connection = new Connection({
      client,
      upstream: socket,
      throttle,
      events: {
        command: (label) => metrics.command(label),
        abandoned: (label) => {
          metrics.abandoned(label);
          logger.debug({ peer, command: label }, 'client disconnected while its command waited');
        },
        failed: (side, error) => {
          if (error instanceof MalformedFrameError) {
            metrics.malformed(side);
            logger.error({ peer, side, err: error }, 'connection closed: malformed message');
          } else logger.debug({ peer, side, err: error }, 'connection failed');
          if (side === 'upstream') upstream.suspect();
        },
        upstreamLeft: () => {
          logger.debug({ peer }, 'MongoDB closed the connection');
          upstream.suspect();
        },
        closed: () => this.#connections.delete(connection),
      },
    });
    this.#connections.add(connection);
    client.resume();
    if (this.#closing) connection.close();
  }
}
