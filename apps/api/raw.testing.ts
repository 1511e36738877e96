// A client that sends exactly the bytes that a test wants, for what no HTTP library would send.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from '../../test/until.ts';

/** One connection, and all that came back on it. */
export class RawClient {
  readonly socket: Socket;
  #received = '';
  #closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (chunk) => {
      this.#received += chunk;
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#closed = true;
    });
  }

  /** Connects and sends `parts`. */
  static async open(port: number, ...parts: string[]): Promise<RawClient> {
    const client = new RawClient(connect(port, '127.0.0.1'));
    await once(client.socket, 'connect');
    for (const part of parts) client.socket.write(part);
    return client;
  }

  get received(): string {
    return this.#received;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Status codes of the answers so far, in order. */
  get statuses(): number[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
  }

  /** Waits for `count` answers. @returns their status codes */
  async answers(count: number): Promise<number[]> {
    await until(() => this.statuses.length >= count);
    return this.statuses;
  }

  /** Waits for the end of the connection, and gives all that came. */
  async end(): Promise<string> {
    await until(() => this.#closed);
    return this.#received;
  }
}

/** The JSON body of the only answer in `received`. */
export const bodyOf = (received: string) => JSON.parse(received.slice(received.indexOf('\r\n\r\n') + 4));

/** The head of a request to /api/data. */
export const head = (method: string, headers: Record<string, string | number> = {}, target = '/api/data'): string =>
  [`${method} ${target} HTTP/1.1`, 'Host: x', ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`), '', ''].join(
    '\r\n',
  );
