// A virtual user in a closed loop: sends a request, waits for the answer, thinks, sends the next.
import { type Judged, judge, judgeFailure } from '../witness/outcome.ts';
import type { Recorder } from '../witness/recorder.ts';
import { Connection, type Endpoint } from './connection.ts';

/** Pause after a failed connection, so that an absent server is not flooded with attempts. */
const RECONNECT_PAUSE_MS = 1000;

/** What all users of a run share. */
export interface UserContext {
  readonly endpoint: Endpoint;
  readonly keepAlive: boolean;
  /** Returns the request of this user and iteration, ready to send. */
  readonly request: (user: number, iteration: number) => string;
  /** Draws the pause before the next request, milliseconds. */
  readonly thinkMs: () => number;
  readonly recorder: Recorder;
  /** Called when the user starts, for the first time or again. */
  readonly started: () => void;
  /** Called when the user has stopped after its last answer. */
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
      answered: (status, body) => this.#receive(judge(status, body), 0),
      failed: (error, sent) => this.#receive(judgeFailure(error, sent), RECONNECT_PAUSE_MS),
    });
  }

  start(): void {
    if (this.#active) return;
    this.#active = true;
    if (this.#sentAt !== null) return; // It is still waiting for its last answer.
    this.#context.started();
    this.#send();
  }

  /** Stops after the answer to the open request, or at once if there is none. */
  stop(): void {
    if (!this.#active) return;
    this.#active = false;
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
    if (this.#sentAt === null) this.#finish();
  }

  /** Cuts the open request if it is older than `timeoutMs`. Its outcome remains unknown. */
  cut(timeoutMs: number, reason: string): void {
    if (this.#sentAt === null || performance.now() - this.#sentAt < timeoutMs) return;
    this.#connection.destroy(Object.assign(new Error(reason), { code: reason }));
  }

  #send(): void {
    this.#sentAt = performance.now();
    this.#connection.send(this.#context.request(this.id, this.#iteration));
  }

  #receive(judged: Judged, leastPauseMs: number): void {
    const latencyMs = performance.now() - this.#sentAt!;
    this.#sentAt = null;
    this.#context.recorder.record(this.id, this.#iteration++, judged, latencyMs);
    const pauseMs = Math.max(this.#context.thinkMs(), leastPauseMs);
    if (!this.#active) this.#finish();
    else if (pauseMs === 0) this.#send();
    else
      this.#pause = setTimeout(() => {
        this.#pause = null;
        this.#send();
      }, pauseMs);
  }

  #finish(): void {
    this.#connection.destroy();
    this.#context.stopped();
  }
}
