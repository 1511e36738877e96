// One connection's requests: sends one at a time, records what it gets, cuts what takes too long.
import { type Judged, judge, judgeFailure } from '../witness/outcome.ts';
import type { Recorder } from '../witness/recorder.ts';
import { Connection, type Endpoint } from './connection.ts';

/** What all requesters of a run share. */
export interface RequestContext {
  readonly endpoint: Endpoint;
  readonly keepAlive: boolean;
  /** Returns the request of this user and iteration, ready to send. */
  readonly request: (user: number, iteration: number) => string;
  readonly recorder: Recorder;
}

export class Requester {
  readonly #id: number;
  readonly #context: RequestContext;
  readonly #done: (failed: boolean) => void;
  readonly #connection: Connection;
  #iteration = 0;
  #sentAt: number | null = null;

  /**
   * @param id the user in the origin of its requests
   * @param done called after each request; `failed`: there was no answer
   */
  constructor(id: number, context: RequestContext, done: (failed: boolean) => void) {
    this.#id = id;
    this.#context = context;
    this.#done = done;
    this.#connection = new Connection(context.endpoint, context.keepAlive, {
      answered: (status, body) => this.#receive(judge(status, body), false),
      failed: (error, sent) => this.#receive(judgeFailure(error, sent), true),
    });
  }

  /** It waits for an answer. */
  get busy(): boolean {
    return this.#sentAt !== null;
  }

  /** @param dueAt since when the latency counts, by `performance.now()` */
  send(dueAt = performance.now()): void {
    this.#sentAt = dueAt;
    this.#connection.send(this.#context.request(this.#id, this.#iteration));
  }

  /** Cuts the open request if it is older than `timeoutMs`. Its outcome remains unknown. */
  cut(timeoutMs: number, reason: string): void {
    if (this.#sentAt === null || performance.now() - this.#sentAt < timeoutMs) return;
    this.#connection.destroy(Object.assign(new Error(reason), { code: reason }));
  }

  close(): void {
    this.#connection.destroy();
  }

  #receive(judged: Judged, failed: boolean): void {
    const latencyMs = performance.now() - this.#sentAt!;
    this.#sentAt = null;
    this.#context.recorder.record(this.#id, this.#iteration++, judged, latencyMs);
    this.#done(failed);
  }
}
