// A virtual user in a closed loop: sends a request, waits for the answer, thinks, sends the next.
import { type RequestContext, Requester } from './requester.ts';

/** Pause after a failed connection, so that an absent server is not flooded with attempts. */
const RECONNECT_PAUSE_MS = 1000;

/** What all users of a run share. */
export interface UserContext extends RequestContext {
  /** Draws the pause before the next request, milliseconds. */
  readonly thinkMs: () => number;
  /** Called when the user starts, for the first time or again. */
  readonly started: () => void;
  /** Called when the user has stopped after its last answer. */
  readonly stopped: () => void;
}

export class VirtualUser {
  readonly #context: UserContext;
  readonly #requester: Requester;
  #active = false;
  #pause: NodeJS.Timeout | null = null;

  constructor(id: number, context: UserContext) {
    this.#context = context;
    this.#requester = new Requester(id, context, (failed) => this.#next(failed));
  }

  start(): void {
    if (this.#active) return;
    this.#active = true;
    if (this.#requester.busy) return; // It is still waiting for its last answer.
    this.#context.started();
    this.#requester.send();
  }

  /** Stops after the answer to the open request, or at once if there is none. */
  stop(): void {
    if (!this.#active) return;
    this.#active = false;
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
    if (!this.#requester.busy) this.#finish();
  }

  /** Cuts the open request if it is older than `timeoutMs`. Its outcome remains unknown. */
  cut(timeoutMs: number, reason: string): void {
    this.#requester.cut(timeoutMs, reason);
  }

  #next(failed: boolean): void {
    const pauseMs = Math.max(this.#context.thinkMs(), failed ? RECONNECT_PAUSE_MS : 0);
    if (!this.#active) this.#finish();
    else if (pauseMs === 0) this.#requester.send();
    else
      this.#pause = setTimeout(() => {
        this.#pause = null;
        this.#requester.send();
      }, pauseMs);
  }

  #finish(): void {
    this.#requester.close();
    this.#context.stopped();
  }
}
