// Admission: a process works on a limited number of requests at once. The others wait for their
// turn and cost next to nothing meanwhile.
import type { IncomingMessage } from 'node:http';
import Denque from 'denque';
import type { ApiResponse } from './answer.ts';
import { BODIES_EXHAUSTED, BodyReader, ByteBudget, hasBody } from './body.ts';
import { type HttpError, OVERLOADED } from './http-error.ts';

/** Why a request was turned away, as the metric names it. */
export type ShedReason = 'waited' | 'bodies';

export interface AdmissionOptions {
  /**
   * Requests that a process works on at once. More would not make it faster (they share one event loop, and group commit
   * is saturated long before) but hold more memory: with 10,000 at once it mostly collects garbage. Default 256.
   */
  limit?: number;
  /** A request that waits longer for its turn is turned away at that moment, milliseconds. */
  maxWaitMs: number;
  /** The largest body, bytes. */
  bodyLimitBytes: number;
  /**
   * What all bodies of the process, and answers that clients are slow to take, may hold in memory,
   * bytes.
   */
  bodiesBytes: number;
  /**
   * What a request is going to read, besides its body, bytes: counts while it is inside. Default:
   * nothing.
   */
  readBytes?: () => number;
  /** Turns a request away. `reason` is absent when it is the client's fault. */
  refuse: (req: IncomingMessage, res: ApiResponse, error: HttpError, reason?: ShedReason) => void;
}

/**
 * The part of the bodies' memory that may be worked on at once. A body grows about sixfold on its
 * way: its text, the payloads, the records, their encoded form, the command that carries them.
 */
const INSIDE_SHARE = 1 / 5;

/** An answer of which less than this is left unsent needs no counting, bytes. */
const SMALL_ANSWER_BYTES = 64 * 1024;

interface Turn {
  readonly req: IncomingMessage;
  readonly res: ApiResponse;
  /** Calls the handler. */
  readonly next: () => void;
  /** Of its body, taken from the budget. */
  readonly bytes: number;
  /** What it holds while it is inside: its body and what it reads. */
  insideBytes: number;
  readonly sinceMs: number;
  state: 'waiting' | 'inside' | 'gone';
}

/**
 * Reads each request's body, then lets `limit` requests at a time through, the others first come,
 * first served. A turn begins only once the body is there, so that slow senders hold memory (within
 * a budget) and no turn, and it ends with the answer, so that slow readers hold none either. A
 * client that leaves gives up its place.
 */
export class Admission {
  readonly #limit: number;
  readonly #maxWaitMs: number;
  readonly #insideBytesLimit: number;
  readonly #readBytes: () => number;
  readonly #refuse: AdmissionOptions['refuse'];
  readonly #budget: ByteBudget;
  readonly #bodies: BodyReader;
  readonly #line = new Denque<Turn>();
  #inside = 0;
  #insideBytes = 0;
  #admitting = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ limit = 256, maxWaitMs, bodyLimitBytes, bodiesBytes, readBytes = () => 0, refuse }: AdmissionOptions) {
    this.#limit = limit;
    this.#maxWaitMs = maxWaitMs;
    this.#insideBytesLimit = bodiesBytes * INSIDE_SHARE;
    this.#readBytes = readBytes;
    this.#refuse = refuse;
    this.#budget = new ByteBudget(bodiesBytes);
    this.#bodies = new BodyReader(bodyLimitBytes, this.#budget);
  }

  /** Requests that have arrived and wait for their turn. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Bytes of bodies and unsent answers in memory. */
  get heldBytes(): number {
    return this.#budget.used;
  }

  /** Calls `next` when it is the request's turn, or turns the request away. */
  handle(req: IncomingMessage, res: ApiResponse, next: () => void): void {
    if (!hasBody(req)) {
      this.#arrive(req, res, next, 0);
      return;
    }
    this.#bodies.read(req, res, (error, bytes) => {
      if (!error) this.#arrive(req, res, next, bytes);
      else this.#refuse(req, res, error, error === BODIES_EXHAUSTED ? 'bodies' : undefined);
    });
  }

  #arrive(req: IncomingMessage, res: ApiResponse, next: () => void, bytes: number): void {
    const turn: Turn = { req, res, next, bytes, insideBytes: bytes, sinceMs: performance.now(), state: 'waiting' };
    // 'prefinish': the answer is complete; 'close': it has been sent, or the client has left. Each
    // comes once; `once` would pay for taking the listener off.
    res.on('prefinish', () => this.#leave(turn, true));
    res.on('close', () => this.#leave(turn, false));
    this.#line.push(turn);
    this.#admit();
    if (turn.state === 'waiting') this.#watch();
  }

  /** Lets requests in, in order, as long as there is room. */
  #admit(): void {
    // A handler that answers at once comes back here: the loop below goes on, instead of a stack as
    // deep as the line.
    if (this.#admitting) return;
    this.#admitting = true;
    try {
      for (let turn = this.#line.peekFront(); turn; turn = this.#line.peekFront()) {
        turn.insideBytes = turn.bytes + this.#readBytes();
        if (turn.state === 'waiting' && !this.#hasRoom(turn.insideBytes)) break;
        this.#line.shift();
        if (turn.state === 'waiting') this.#enter(turn);
      }
    } finally {
      this.#admitting = false;
    }
  }

  #enter(turn: Turn): void {
    turn.state = 'inside';
    this.#inside++;
    this.#insideBytes += turn.insideBytes;
    turn.next();
  }

  #hasRoom(bytes: number): boolean {
    if (this.#inside >= this.#limit) return false;
    return this.#inside === 0 || this.#insideBytes + bytes <= this.#insideBytesLimit;
  }

  #leave(turn: Turn, answered: boolean): void {
    const { state, bytes, insideBytes, res } = turn;
    if (state === 'gone') return;
    turn.state = 'gone';
    this.#budget.give(bytes);
    if (answered) this.#holdUnsent(res);
    if (state !== 'inside') return;
    this.#inside--;
    this.#insideBytes -= insideBytes;
    this.#admit();
  }

  /** A large answer stays in memory until the client has taken it. */
  #holdUnsent(res: ApiResponse): void {
    const unsent = res.writableLength;
    if (unsent <= SMALL_ANSWER_BYTES) return;
    this.#budget.take(unsent);
    res.once('close', () => this.#budget.give(unsent));
  }

  /** Wakes up when the first in line has waited too long. */
  #watch(): void {
    const first = this.#line.peekFront();
    if (!first || this.#timer) return;
    const dueMs = first.sinceMs + this.#maxWaitMs - performance.now();
    this.#timer = setTimeout(() => this.#turnAway(), Math.max(1, dueMs)).unref();
  }

  #turnAway(): void {
    this.#timer = undefined;
    const before = performance.now() - this.#maxWaitMs;
    for (let turn = this.#line.peekFront(); turn; turn = this.#line.peekFront()) {
      if (turn.state === 'waiting' && turn.sinceMs > before) break;
      this.#line.shift();
      if (turn.state === 'waiting') this.#refuse(turn.req, turn.res, OVERLOADED, 'waited');
    }
    this.#watch();
  }
}
