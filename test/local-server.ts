// An HTTP server of a test, on a free port of this machine.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class LocalServer {
  /** Connections that were ever opened. */
  connections = 0;
  readonly port: number;
  readonly #server: Server;

  static async start(listener: RequestListener): Promise<LocalServer> {
    const server = createServer(listener);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new LocalServer(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', () => this.connections++);
  }

  /** `127.0.0.1:<port>` */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `http://${this.address}`;
  }

  /** Ends its connections too. May be called twice. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
