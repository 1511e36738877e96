// How much memory does an API process take with 10,000 connections and bodies of every kind?
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatCount } from '../../tooling/report/format.ts';
import { type Finding, memory, type PartOptions } from './parts.ts';
import { type BenchStack, withStack } from './stack.ts';

const CONNECTIONS = 10_000;
const TARGET_MIB = 300;
/** Connections that are opened at the same time. */
const BATCH = 250;
/** Time between an answer and the next request of the same connection, milliseconds: at most. */
const THINK_MS = 20_000;
/** Records that the queue may hold: they are large, and the queue is not what is measured. */
const QUEUE_LENGTH = 2_000;

/**
 * Size and pace of the pieces of a body that comes slowly: 200 KB take longer than the API waits.
 */
const TRICKLE_BYTES = 1_000;
const TRICKLE_MS = 250;

/** One kind of client, and how many of a hundred are of it. */
interface Kind {
  readonly share: number;
  readonly request: Buffer;
  /** Default: all at once, and the answer is read as it comes. */
  readonly manner?: 'trickle' | 'read late';
}

const head = (line: string, bodyBytes?: number): string =>
  `${line} HTTP/1.1\r\nHost: bench\r\n${
    bodyBytes === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n`
  }\r\n`;

/**
 * A request to `/api/data` with a body of exactly this size; all connections send the same
 * buffer.
 */
function postOf(bodyBytes: number): Buffer {
  const frame = JSON.stringify({ payloads: ['', 'b', 'c', 'd', 'e'] });
  const body = frame.replace('""', `"${'x'.repeat(bodyBytes - frame.length)}"`);
  return Buffer.from(head('POST /api/data', body.length) + body);
}

function kindsOf(bodyLimitKiB: number): readonly Kind[] {
  const get = Buffer.from(head('GET /api/data'));
  const large = postOf(200_000);
  return [
    { share: 50, request: get },
    { share: 5, request: get, manner: 'read late' },
    { share: 20, request: large },
    { share: 10, request: postOf(bodyLimitKiB * 1024) },
    { share: 5, request: postOf(bodyLimitKiB * 1024 + 1) },
    { share: 10, request: large, manner: 'trickle' },
  ];
}

/** Keeps one connection busy until stopped; connects again when the API closes it. */
class Client {
  readonly #url: URL;
  readonly #kind: Kind;
  readonly #count: (status: number) => void;
  #socket: Socket | undefined;
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(url: URL, kind: Kind, count: (status: number) => void) {
    this.#url = url;
    this.#kind = kind;
    this.#count = count;
  }

  /** Connects, with a first request: the API closes connections that never send one. */
  async open(): Promise<void> {
    await this.#connect();
    await this.#exchange(this.#socket!, async (socket) => void socket.write(head('GET /healthz')));
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.#pause(Math.random() * THINK_MS);
      if (this.#stopped) break;
      if (this.#socket?.destroyed !== false) await this.#connect();
      const status = await this.#exchange(this.#socket!, (socket) => this.#send(socket));
      this.#count(status);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.destroy();
    this.#wake();
  }

  async #connect(): Promise<void> {
    const socket = connect(Number(this.#url.port), this.#url.hostname);
    this.#socket = socket;
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
  }

  /** @returns the status; 0 when the connection ended without an answer */
  async #exchange(socket: Socket, send: (socket: Socket) => Promise<void>): Promise<number> {
    if (socket.destroyed) return 0;
    const answered = new Promise<number>((resolve) => {
      const onClose = () => resolve(0);
      socket.once('close', onClose);
      // Answers are small, and how they are split does not matter here.
      socket.once('data', (data) => {
        socket.off('close', onClose);
        resolve(Number(data.toString('latin1', 9, 12)));
      });
    });
    await send(socket);
    return answered;
  }

  async #send(socket: Socket): Promise<void> {
    const { request, manner } = this.#kind;
    if (manner === 'trickle') {
      for (let at = 0; at < request.length && socket.writable; at += TRICKLE_BYTES) {
        socket.write(request.subarray(at, at + TRICKLE_BYTES));
        await this.#pause(TRICKLE_MS);
      }
      return;
    }
    if (manner === 'read late') socket.pause();
    socket.write(request);
    if (manner === 'read late') {
      await this.#pause(THINK_MS);
      socket.resume();
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Peak memory of each API process. */
const measure = ({ apis }: BenchStack, what: string): Finding[] =>
  apis.map((api, i) =>
    memory(`memory of API process ${i + 1} of ${apis.length}, ${what}`, api, TARGET_MIB, CONNECTIONS),
  );

/**
 * How much memory does an API process need when all have 10,000 connections together: small
 * requests, bodies of 200 KB, of exactly the limit and above it, bodies that come slowly, and
 * answers that are taken late?
 */
export async function benchMemory({ queues, seconds, log }: PartOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const queue of queues) {
    const overrides = { 'queue:maxLength': String(QUEUE_LENGTH) };
    await withStack({ queue, iops: 100, apiProcesses: 'configured', overrides, log }, async (bench) => {
      const statuses = new Map<number, number>();
      const count = (status: number) => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const url = new URL(bench.api.url);
      const kinds = kindsOf(bench.stack.config.api.bodyLimitKiB).flatMap((kind) => Array<Kind>(kind.share).fill(kind));
      const clients = Array.from({ length: CONNECTIONS }, (_, i) => new Client(url, kinds[i % kinds.length]!, count));
      log(`memory on ${queue}: opening ${formatCount(CONNECTIONS)} connections`);
      for (let i = 0; i < clients.length; i += BATCH)
        await Promise.all(clients.slice(i, i + BATCH).map((client) => client.open()));
      findings.push(...measure(bench, `${queue}, idle`));
      log(`memory on ${queue}: requests of every kind for ${seconds} s`);
      const running = clients.map((client) => client.run());
      await sleep(seconds * 1_000);
      const answers = [...statuses]
        .sort(([a], [b]) => a - b)
        .map(([status, times]) => `${formatCount(times)} × ${status}`);
      log(`memory on ${queue}: answers: ${answers.join(', ')}`);
      findings.push(...measure(bench, `${queue}, any mix of bodies`));
      for (const client of clients) client.stop();
      await Promise.all(running);
    });
  }
  return findings;
}
