// One client's connection and its own connection to MongoDB: counts what passes and holds back what the disk can't do yet.
import type { Socket } from 'node:net';
import { commandLabel, isFree } from './commands.ts';
import { furtherOperations, requestCost } from './cost.ts';
import type { FrameHead } from './frames.ts';
import { Relay } from './relay.ts';
import type { Throttle, Ticket } from './throttle.ts';

export interface ConnectionEvents {
  /** A command was read from the client. */
  command(label: string): void;
  /** A command was dropped because its client left while it waited. */
  abandoned(label: string): void;
  /** Either side broke or sent what is no MongoDB message. */
  failed(side: 'client' | 'upstream', error: Error): void;
  /** MongoDB hung up before the client did. */
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

interface Asked {
  readonly label: string;
  readonly free: boolean;
}

const UNASKED: Asked = { label: 'other', free: true };

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #requests: Relay;
  readonly #replies: Relay;
  /** Requests whose replies are to come, by request id. */
  readonly #asked = new Map<number, Asked>();
  #lastReply: (Asked & { id: number }) | undefined;
  #ticket: (Ticket & Asked & { expectsReply: boolean }) | undefined;
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

  /** Ends the connection as soon as no operation is under way on it. */
  close(): void {
    this.#closing = true;
    this.#closeIfIdle();
  }

  /** Ends the connection now. */
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
    const asked: Asked = { label: commandLabel(head.command), free: isFree(head.command) };
    this.#options.events.command(asked.label);
    if (head.expectsReply) this.#asked.set(head.requestId, asked);
    const cost = requestCost(asked.free, head.sizeBytes);
    if (cost === 0) {
      proceed();
      return;
    }
    let admitted = false;
    const ticket = this.#options.throttle.admit(asked.label, cost, () => {
      admitted = true;
      this.#ticket = undefined;
      proceed();
    });
    if (!admitted) this.#ticket = { ...asked, expectsReply: head.expectsReply, cancel: () => ticket.cancel() };
  }

  /** A reply passes at once, and what it costs is charged afterwards; one that nobody asked for (an exhaust cursor's) waits like a request. */
  #onReply(head: FrameHead, proceed: () => void): void {
    const known = this.#asked.get(head.responseTo);
    const follows = !known && this.#lastReply?.id === head.responseTo;
    const asked: Asked = known ?? (follows ? this.#lastReply! : UNASKED);
    this.#asked.delete(head.responseTo);
    this.#lastReply = { label: asked.label, free: asked.free, id: head.requestId };
    if (follows && !asked.free) {
      this.#replyTicket = this.#options.throttle.admit(asked.label, requestCost(false, head.sizeBytes), proceed);
      return;
    }
    this.#options.throttle.charge(asked.label, furtherOperations(head.sizeBytes));
    proceed();
  }

  /** A command whose client left would only take slots from the living; but one that wants no reply may have been sent on purpose. */
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
    const working = [...this.#asked.values()].some(({ free }) => !free);
    if (!working && this.#requests.isIdle && this.#replies.isIdle) this.#options.client.destroySoon();
  }
}
