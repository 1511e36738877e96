// A connection to a broker: opened on demand, reopened after a failure, with a timeout for each
// request.
import { connect, type Socket } from 'node:net';
import { Decoder, Encoder } from './codec.ts';

/** A kind of request: its API key and version, and how it is encoded and decoded. */
export interface Api<Request, Response> {
  readonly key: number;
  readonly version: number;
  /** Whether this version has flexible headers, which end with tags. */
  readonly flexible: boolean;
  write(body: Encoder, request: Request): void;
  read(body: Decoder): Response;
}

const CLIENT = 'breakwater-agent';

interface Pending {
  resolve(response: Buffer): void;
  reject(error: Error): void;
}

export class Connection {
  readonly #host: string;
  readonly #port: number;
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);
  #lastId = 0;

  /** @param timeoutMs timeout of a response; the connection is closed when it expires */
  constructor(host: string, port: number, timeoutMs = 2_000) {
    this.#host = host;
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws Error when the broker is unreachable, or its response is late or cannot be decoded */
  async send<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response> {
    const id = (this.#lastId = (this.#lastId + 1) & 0x7fffffff);
    const encoder = new Encoder().int16(api.key).int16(api.version).int32(id).string(CLIENT);
    if (api.flexible) encoder.noTags();
    api.write(encoder, request);
    const bytes = encoder.bytes();
    const response = new Decoder(
      await this.#exchange(id, Buffer.concat([new Encoder().int32(bytes.length).bytes(), bytes])),
    );
    if (api.flexible) response.tags();
    return api.read(response);
  }

  close(): void {
    this.#fail(new Error('the connection is closed'));
  }

  #exchange(id: number, bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#fail(new Error(`${this.#host}:${this.#port} did not answer within ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      );
      this.#pending.set(id, {
        resolve: (response) => {
          clearTimeout(timer);
          resolve(response);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#socket ??= this.#connect();
      this.#socket.write(bytes);
    });
  }

  #connect(): Socket {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    const fail = (error: Error) => socket === this.#socket && this.#fail(error);
    socket.on('data', (data) => this.#onData(data));
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`${this.#host}:${this.#port} closed the connection`)));
    return socket;
  }

  #onData(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const id = this.#received.readInt32BE(4);
      const response = this.#received.subarray(8, end);
      this.#received = this.#received.subarray(end);
      this.#pending.get(id)?.resolve(response);
      this.#pending.delete(id);
    }
  }

  #fail(error: Error): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#received = Buffer.alloc(0);
    socket?.destroy();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
