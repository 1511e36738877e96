// One connection to a broker: made when it is needed, again when it broke, with an end to all patience.
import { connect, type Socket } from 'node:net';
import { Decoder, Encoder } from './codec.ts';

/** One kind of request: how it is numbered, written and read. */
export interface Api<Question, Answer> {
  readonly key: number;
  readonly version: number;
  /** Whether this version has the newer headers, which end with tags. */
  readonly flexible: boolean;
  write(body: Encoder, question: Question): void;
  read(body: Decoder): Answer;
}

const CLIENT = 'breakwater-agent';

interface Waiting {
  resolve(answer: Buffer): void;
  reject(error: Error): void;
}

export class Connection {
  readonly #host: string;
  readonly #port: number;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);
  #last = 0;

  /** @param timeoutMs how long an answer may take; the connection is given up with it */
  constructor(host: string, port: number, timeoutMs = 2_000) {
    this.#host = host;
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws Error when the broker is not there, does not answer in time, or answers what cannot be read */
  async ask<Question, Answer>(api: Api<Question, Answer>, question: Question): Promise<Answer> {
    const id = (this.#last = (this.#last + 1) & 0x7fffffff);
    const request = new Encoder().int16(api.key).int16(api.version).int32(id).string(CLIENT);
    if (api.flexible) request.noTags();
    api.write(request, question);
    const bytes = request.bytes();
    const answer = new Decoder(
      await this.#exchange(id, Buffer.concat([new Encoder().int32(bytes.length).bytes(), bytes])),
    );
    if (api.flexible) answer.tags();
    return api.read(answer);
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
      this.#waiting.set(id, {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
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
    const mine = (error: Error) => socket === this.#socket && this.#fail(error);
    socket.on('data', (data) => this.#onData(data));
    socket.on('error', mine);
    socket.on('close', () => mine(new Error(`${this.#host}:${this.#port} closed the connection`)));
    return socket;
  }

  #onData(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const id = this.#received.readInt32BE(4);
      const answer = this.#received.subarray(8, end);
      this.#received = this.#received.subarray(end);
      this.#waiting.get(id)?.resolve(answer);
      this.#waiting.delete(id);
    }
  }

  #fail(error: Error): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#received = Buffer.alloc(0);
    socket?.destroy();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
