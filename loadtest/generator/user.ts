// A virtual user: asks, waits for the answer, thinks, asks again (a closed loop).

import { type Judged, judge, judgeFailure } from '../witness/outcome.ts';
import { Connection, type Endpoint } from './connection.ts';

/** A user whose connection fails waits this long, so that an absent server is not hammered. */
const RECONNECT_PAUSE_MS = 1000;

/** What all users of a run share. */
export interface UserContext {
  readonly endpoint: Endpoint;
  readonly keepAlive: boolean;
  /** The request of this user and iteration, ready to send. */
  readonly request: (user: number, iteration: number) => string;
  /** Milliseconds until the next request. */
  readonly think: () => number;
  readonly now: () => number;
  readonly done: (user: number, iteration: number, judged: Judged, latencyMs: number) => void;
  /** The user begins, for the first time or again. */
  readonly started: () => void;
  /** The user has stopped after its last answer. */
  readonly stopped: () => void;
}

export class VirtualUser {
  readonly id: number;
  readonly #context: UserContext;
  readonly #connection: Connection;
  #iteration = 0;
  #active = false;
  #sentAt: number | null = null;
  #pause: NodeJS.Timeout | null = null;

  constructor(id: number, context: UserContext) {
    this.id = id;
    this.#context = context;
    this.#connection = new Connection(context.endpoint, context.keepAlive, {
      answered: (status, body) => this.#finish(judge(status, body), 0),
      failed: (error, sent) => this.#finish(judgeFailure(error, sent), RECONNECT_PAUSE_MS),
    });
  }

  start(): void {
    if (this.#active) return;
    this.#active = true;
    if (this.#sentAt !== null) return; // It had not left yet.
    this.#context.started();
    this.#ask();
  }

  /** Stops after the open answer, at once where none is open. */
  stop(): void {
    if (!this.#active) return;
    this.#active = false;
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
    if (this.#sentAt === null) this.#leave();
  }

  /** Cuts the open request where it is older than `timeoutMs`: its outcome stays unknown. */
  cut(timeoutMs: number, reason: string): void {
    if (this.#sentAt === null || this.#context.now() - this.#sentAt < timeoutMs) return;
    this.#connection.destroy(Object.assign(new Error(reason), { code: reason }));
  }

  #ask(): void {
    this.#sentAt = this.#context.now();
    this.#connection.send(this.#context.request(this.id, this.#iteration));
  }

  #finish(judged: Judged, leastPauseMs: number): void {
    const latencyMs = this.#context.now() - this.#sentAt!;
    this.#sentAt = null;
    this.#context.done(this.id, this.#iteration++, judged, latencyMs);
    const pauseMs = Math.max(this.#context.think(), leastPauseMs);
    if (!this.#active) this.#leave();
    else if (pauseMs === 0) this.#ask();
    else
      this.#pause = setTimeout(() => {
        this.#pause = null;
        this.#ask();
      }, pauseMs);
  }

  #leave(): void {
    this.#connection.destroy();
    this.#context.stopped();
  }
}
