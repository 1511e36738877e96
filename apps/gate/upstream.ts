// Tracks whether MongoDB is reachable: connects at start-up and whenever it is suspected to be
// down, and retries with backoff.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../shared/logger.ts';

export interface UpstreamOptions {
  host: string;
  port: number;
  logger: Logger;
  /** Timeout of a connection attempt, milliseconds. Default 5000. */
  connectTimeoutMs?: number;
  /** Pause after the first failed attempt, milliseconds. It doubles each time. Default 100. */
  minBackoffMs?: number;
  /** Maximum pause between attempts, milliseconds. Default 2000. */
  maxBackoffMs?: number;
}

export class Upstream {
  readonly #options: Required<UpstreamOptions>;
  readonly #abort = new AbortController();
  #up = false;
  #probing: Promise<void> | undefined;

  constructor(options: UpstreamOptions) {
    this.#options = { connectTimeoutMs: 5000, minBackoffMs: 100, maxBackoffMs: 2000, ...options };
  }

  /** Whether the last attempt succeeded. */
  get isUp(): boolean {
    return this.#up;
  }

  get address(): string {
    return `${this.#options.host}:${this.#options.port}`;
  }

  /** Makes the first attempt and returns after it. If it failed, attempts continue. */
  async start(): Promise<void> {
    await this.#attempt();
    if (!this.#up) this.suspect();
  }

  /** To be called when a connection failed: checks MongoDB, and retries until it is reachable. */
  suspect(): void {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
  }

  /** Opens a connection. @throws the socket's error, or a timeout */
  connect(): Promise<Socket> {
    const { host, port, connectTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, keepAlive: true, allowHalfOpen: true });
      const fail = (error: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(error);
      };
      const timer = setTimeout(() => fail(new Error(`no connection within ${connectTimeoutMs} ms`)), connectTimeoutMs);
      socket.once('error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        resolve(socket);
      });
    });
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#probing;
  }

  async #probe(): Promise<void> {
    const { minBackoffMs, maxBackoffMs } = this.#options;
    for (let backoffMs = minBackoffMs; !this.#abort.signal.aborted; backoffMs = Math.min(backoffMs * 2, maxBackoffMs)) {
      await this.#attempt();
      if (this.#up) return;
      await sleep(backoffMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
    }
  }

  async #attempt(): Promise<void> {
    const { logger } = this.#options;
    try {
      const socket = await this.connect();
      socket.destroy();
      if (!this.#up) logger.info({ upstream: this.address }, 'MongoDB is reachable');
      this.#up = true;
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      logger.error({ upstream: this.address, err: error }, 'MongoDB is unreachable; retrying');
      this.#up = false;
    }
  }
}
