// One client's connection and its connection to MongoDB: counts operations and delays those above
// the limit.
import type { Socket } from 'node:net';
import { commandLabel, furtherOperations, isFree, requestCost } from './commands.ts';
import type { FrameHead } from './frames.ts';
import { Relay } from './relay.ts';
import type { Throttle, Ticket } from './throttle.ts';

export interface ConnectionEvents {
  /** A command was read from the client. */
  command(label: string): void;
  /** A command was dropped because its client disconnected while it waited. */
  abandoned(label: string): void;
  /** A side failed, or sent something other than MongoDB's wire protocol. */
  failed(side: 'client' | 'upstream', error: Error): void;
  /** MongoDB closed the connection before the client did. */
  upstreamLeft(): void;
  closed(): void;
}

export interface ConnectionOptions {
  client: Socket;
  /** Connected. */
  upstream: Socket;
  throttle: Throttle;
  events: ConnectionEvents;
}

interface Request {
  readonly label: string;
  readonly free: boolean;
}

const UNKNOWN_REQUEST: Request = { label: 'other', free: true };

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #requests: Relay;
  readonly #replies: Relay;
  /** Requests that wait for a reply, by request id. */
  readonly #pending = new Map<number, Request>();
  #lastReply: (Request & { id: number }) | undefined;
  #ticket: (Ticket & Request & { expectsReply: boolean }) | undefined;
  #replyTicket: Ticket | undefined;
  #closed = false;
  #clientEnded = false;
  #closing = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { client, upstream, events } = options;
    this.#requests = new Relay({
      source: client,
      sink: upstream,
      onHead: (head, proceed) => this.#onRequest(head, proceed),
      onIdle: () => this.#closeIfIdle(),
      onError: (error) => this.#fail('client', error),
      onEndWhileHeld: () => this.#onClientLeft(),
    });
    this.#replies = new Relay({
      source: upstream,
      sink: client,
      onHead: (head, proceed) => this.#onReply(head, proceed),
      onIdle: () => this.#closeIfIdle(),
      onError: (error) => this.#fail('upstream', error),
      onEndWhileHeld: () => {},
    });
    client.on('error', (error) => this.#fail('client', error));
    upstream.on('error', (error) => this.#fail('upstream', error));
    client.on('end', () => {
      this.#clientEnded = true;
    });
    upstream.on('end', () => {
      if (!this.#clientEnded && !this.#closing) events.upstreamLeft();
      client.destroySoon();
    });
    client.on('close', () => this.destroy());
    upstream.on('close', () => {
      if (!client.writableEnded) this.destroy();
    });
  }

  /** Closes the connection as soon as it has no operation in progress. */
  close(): void {
    this.#closing = true;
    this.#closeIfIdle();
  }

  /** Closes the connection at once. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ticket?.cancel();
    this.#replyTicket?.cancel();
    this.#options.client.destroy();
    this.#options.upstream.destroy();
    this.#options.events.closed();
  }

  #onRequest(head: FrameHead, proceed: () => void): void {
    const request: Request = { label: commandLabel(head.command), free: isFree(head.command) };
    this.#options.events.command(request.label);
    if (head.expectsReply) this.#pending.set(head.requestId, request);
    const cost = requestCost(request.free, head.sizeBytes);
    if (cost === 0) {
      proceed();
      return;
    }
    let admitted = false;
    const ticket = this.#options.throttle.admit(request.label, cost, () => {
      admitted = true;
      this.#ticket = undefined;
      proceed();
    });
    if (!admitted) this.#ticket = { ...request, expectsReply: head.expectsReply, cancel: () => ticket.cancel() };
  }

  /**
   * Lets a reply pass at once and charges its cost afterwards. An unrequested reply (of an exhaust
   * cursor) waits like a request.
   */
  #onReply(head: FrameHead, proceed: () => void): void {
    const known = this.#pending.get(head.responseTo);
    const follows = !known && this.#lastReply?.id === head.responseTo;
    const request: Request = known ?? (follows ? this.#lastReply! : UNKNOWN_REQUEST);
    this.#pending.delete(head.responseTo);
    this.#lastReply = { label: request.label, free: request.free, id: head.requestId };
    if (follows && !request.free) {
      this.#replyTicket = this.#options.throttle.admit(request.label, requestCost(false, head.sizeBytes), proceed);
      return;
    }
    this.#options.throttle.charge(request.label, furtherOperations(head.sizeBytes));
    proceed();
  }

  /**
   * Drops a waiting command whose client has disconnected, since it would only take slots from
   * others. A command that expects no reply may have been sent on purpose, and stays.
   */
  #onClientLeft(): void {
    const waiting = this.#ticket;
    if (!waiting?.expectsReply) return;
    this.#options.events.abandoned(waiting.label);
    this.destroy();
  }

  #fail(side: 'client' | 'upstream', error: Error): void {
    if (this.#closed) return;
    this.#options.events.failed(side, error);
    this.destroy();
  }

  #closeIfIdle(): void {
    if (!this.#closing) return;
    const busy = [...this.#pending.values()].some(({ free }) => !free);
    if (!busy && this.#requests.isIdle && this.#replies.isIdle) this.#options.client.destroySoon();
  }
}
