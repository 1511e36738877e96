// The two ways to make load: users who wait for answers, and requests that arrive at a given rate.
import type { Arrivals, Stage } from '../../config/load-profiles.ts';
import { peakUsers } from '../../config/load-profiles.ts';
import { usersAt } from '../profiles.ts';
import { arrivalTimes } from '../replay/arrivals.ts';
import { type RequestContext, Requester } from './requester.ts';
import { VirtualUser } from './user.ts';

/** What sends the requests of a load. */
export interface Loop {
  /** Longest time between two calls of `advance`, milliseconds. */
  readonly tickMs: number;
  /** Users that run, or requests that wait for an answer. */
  readonly running: number;
  /** Sends what is due `elapsed` seconds after the start. */
  advance(elapsed: number): void;
  /** Sends nothing more. */
  end(): void;
  /** Cuts the requests that are older. Their outcome remains unknown. */
  cut(timeoutMs: number, reason: string): void;
}

/** A closed loop: the number of users follows the stages. */
export class ClosedLoop implements Loop {
  readonly tickMs = 50;
  readonly #stages: readonly Stage[];
  readonly #users: readonly VirtualUser[];
  /** Number of users that should run: the first ones. */
  #active = 0;
  /** Number of users that run or wait for their last answer. */
  #running = 0;

  constructor(stages: readonly Stage[], [leastThink, mostThink]: readonly [number, number], context: RequestContext) {
    this.#stages = stages;
    const user = {
      ...context,
      thinkMs: () => (leastThink + Math.random() * (mostThink - leastThink)) * 1000,
      started: () => this.#running++,
      stopped: () => this.#running--,
    };
    this.#users = Array.from({ length: peakUsers(stages) }, (_, id) => new VirtualUser(id, user));
  }

  get running(): number {
    return this.#running;
  }

  advance(elapsed: number): void {
    this.#set(usersAt(this.#stages, elapsed));
  }

  end(): void {
    this.#set(0);
  }

  cut(timeoutMs: number, reason: string): void {
    for (const user of this.#users) user.cut(timeoutMs, reason);
  }

  #set(wanted: number): void {
    while (this.#active < wanted) this.#users[this.#active++]!.start();
    while (this.#active > wanted) this.#users[--this.#active]!.stop();
  }
}

/**
 * An open loop: each request is sent when it is due, on a connection that is free. Its latency
 * counts from then. A request without a free connection is not sent, and counts as failed.
 */
export class OpenLoop implements Loop {
  /** The error of the latency: a request is sent up to this late. */
  readonly tickMs = 1;
  readonly #startedAt: number;
  readonly #connections: number;
  readonly #context: RequestContext;
  readonly #times: Iterator<number>;
  readonly #requesters: Requester[] = [];
  /** Those without an open request; the last one used is the first one used again. */
  readonly #free: Requester[] = [];
  #next: number;

  /** @param startedAt by `performance.now()` */
  constructor(arrivals: Arrivals, startedAt: number, context: RequestContext) {
    this.#startedAt = startedAt;
    this.#connections = arrivals.connections;
    this.#context = context;
    this.#times = arrivalTimes(arrivals);
    this.#next = this.#take();
  }

  get running(): number {
    return this.#requesters.length - this.#free.length;
  }

  advance(elapsed: number): void {
    for (; this.#next <= elapsed; this.#next = this.#take()) {
      const requester = this.#free.pop() ?? this.#open();
      if (requester) requester.send(this.#startedAt + this.#next * 1000);
      else this.#context.recorder.recordUnsent('NO_FREE_CONNECTION');
    }
  }

  end(): void {
    for (const requester of this.#free) requester.close();
  }

  cut(timeoutMs: number, reason: string): void {
    for (const requester of this.#requesters) requester.cut(timeoutMs, reason);
  }

  #take(): number {
    const { done, value } = this.#times.next();
    return done ? Infinity : value;
  }

  #open(): Requester | undefined {
    if (this.#requesters.length === this.#connections) return undefined;
    const requester = new Requester(this.#requesters.length, this.#context, () => this.#free.push(requester));
    this.#requesters.push(requester);
    return requester;
  }
}
