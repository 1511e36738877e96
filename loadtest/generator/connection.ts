// One user's HTTP/1.1 connection, as lean as possible: 10,000 of them fit in 200 MB, and a request
// takes half the CPU time of undici's client (measured: 16 against 31 microseconds), which leaves
// the cores to the system under test.
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { connect as connectOverTls } from 'node:tls';

/** Receives the result of a request: exactly one of the two is called for each. */
export interface Answer {
  answered(status: number, body: string): void;
  /** @param sent whether any byte of the request may have been sent */
  failed(error: NodeJS.ErrnoException, sent: boolean): void;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Server name for TLS (SNI): empty for an IP address; undefined without TLS. */
  readonly servername?: string;
}

/** The server closes first. If it does not within this time, the socket is destroyed. */
const CLOSE_TIMEOUT_MS = 5000;

/** All connections read into the same buffer: each copies its data before the next one reads. */
const shared = Buffer.allocUnsafe(64 * 1024);

export class Connection {
  readonly #endpoint: Endpoint;
  readonly #keepAlive: boolean;
  readonly #answer: Answer;
  #socket: Socket | null = null;
  #connected = false;
  #busy = false;
  #request = '';
  #received = '';

  constructor(endpoint: Endpoint, keepAlive: boolean, answer: Answer) {
    this.#endpoint = endpoint;
    this.#keepAlive = keepAlive;
    this.#answer = answer;
  }

  /** Sends a request, one at a time, a byte a character. Connects if there is no connection. */
  send(request: string): void {
    this.#busy = true;
    this.#received = '';
    if (this.#socket && this.#connected) {
      this.#socket.write(request, 'latin1');
      return;
    }
    this.#request = request;
    this.#socket = this.#open();
  }

  /** Closes the connection. An open request fails with `error`. */
  destroy(error: NodeJS.ErrnoException = new Error('closed')): void {
    this.#socket?.destroy();
    this.#fail(error);
  }

  #open(): Socket {
    const { servername, ...endpoint } = this.#endpoint;
    const options = {
      ...endpoint,
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length: number, buffer: Uint8Array) => {
          if (this.#socket === socket) this.#read((buffer as Buffer).toString('latin1', 0, length), false);
          return true;
        },
      },
    };
    const isSecure = servername !== undefined;
    const socket: Socket = isSecure ? connectOverTls({ ...options, servername }) : connect(options);
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      if (this.#socket !== socket) return;
      this.#connected = true;
      socket.write(this.#request, 'latin1');
    });
    socket.on('error', (error) => {
      if (this.#socket === socket) this.#fail(error);
    });
    socket.once('end', () => {
      if (this.#socket !== socket) return;
      if (this.#busy) this.#read('', true);
      else this.#release();
    });
    socket.once('close', () => {
      if (this.#socket === socket) this.#fail(Object.assign(new Error('closed by the server'), { code: 'ECLOSED' }));
    });
    return socket;
  }

  #read(text: string, ended: boolean): void {
    if (!this.#busy) return;
    this.#received = this.#received === '' ? text : this.#received + text;
    const response = parseResponse(this.#received, ended);
    if (response === null) return;
    if (response.status === 0) {
      this.destroy(Object.assign(new Error('not an HTTP answer'), { code: 'EPROTO' }));
      return;
    }
    if (response.close || !this.#keepAlive) this.#release();
    this.#busy = false;
    this.#received = '';
    this.#answer.answered(response.status, response.body);
  }

  /** Lets the server close the socket, so that the port does not stay in TIME_WAIT on this side. */
  #release(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#connected = false;
    socket?.setTimeout(CLOSE_TIMEOUT_MS, () => socket.destroy());
  }

  #fail(error: NodeJS.ErrnoException): void {
    const sent = this.#connected;
    const busy = this.#busy;
    this.#socket = null;
    this.#connected = false;
    this.#busy = false;
    if (busy) this.#answer.failed(error, sent);
  }
}

export interface Response {
  /** 0: the text is no HTTP answer. */
  readonly status: number;
  readonly body: string;
  /** The connection cannot be reused. */
  readonly close: boolean;
}

/**
 * Parses an answer out of what has been received so far; null: more must come.
 * @param ended the server has closed its side
 */
export function parseResponse(text: string, ended: boolean): Response | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) {
    const wrong = text.length >= 5 && !text.startsWith('HTTP/');
    return wrong ? { status: 0, body: '', close: true } : null;
  }
  const status = text.startsWith('HTTP/1.') ? Number(text.slice(9, 12)) || 0 : 0;
  if (status >= 100 && status < 200) return parseResponse(text.slice(headEnd + 4), ended);
  const head = text.slice(0, headEnd);
  const close = /\r\nconnection: *close/i.test(head);
  const start = headEnd + 4;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length) {
    const end = start + Number(length[1]);
    return text.length < end ? null : { status, body: text.slice(start, end), close };
  }
  if (status === 0 || status === 204 || status === 304) return { status, body: '', close };
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const body = parseChunks(text, start);
    return body === null ? null : { status, body, close };
  }
  return ended ? { status, body: text.slice(start), close: true } : null;
}

function parseChunks(text: string, start: number): string | null {
  let body = '';
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) return text.indexOf('\r\n\r\n', lineEnd - 2) < 0 && !text.endsWith('\r\n\r\n') ? null : body;
    const chunkEnd = lineEnd + 2 + size;
    if (text.length < chunkEnd + 2) return null;
    body += text.slice(lineEnd + 2, chunkEnd);
    at = chunkEnd + 2;
  }
}
