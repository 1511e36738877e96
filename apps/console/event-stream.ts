// Server-sent events: every open page receives the same events.
import type { ServerResponse } from 'node:http';
import { ConsoleError } from './errors.ts';

/** Maximum number of open pages: each costs memory. */
const MAX_VIEWERS = 100;
/**
 * A page that has not read this much is disconnected, bytes. If it is still there, it reconnects.
 */
const MAX_PENDING_BYTES = 1_000_000;
/** Time after which a browser reconnects, milliseconds. */
const RETRY_MS = 1_000;

export class EventStream {
  readonly #open = new Set<ServerResponse>();
  readonly #onCount: (viewers: number) => void;

  /** @param onCount called with the number of open pages when it changes */
  constructor(onCount: (viewers: number) => void) {
    this.#onCount = onCount;
  }

  /** Number of open pages. */
  get size(): number {
    return this.#open.size;
  }

  /** Opens a stream and sends its first event. @throws ConsoleError when too many are open */
  add(res: ServerResponse, event: string, data: unknown): void {
    if (this.#open.size >= MAX_VIEWERS)
      throw new ConsoleError(503, 'TOO_MANY_PAGES', `${MAX_VIEWERS} pages are already open; close one of them`, {
        'retry-after': '10',
      });
    res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Keeps nginx and similar proxies from buffering the events.
      'x-accel-buffering': 'no',
    });
    res.write(`retry: ${RETRY_MS}\n\n${format(event, data)}`);
    this.#open.add(res);
    this.#onCount(this.#open.size);
    res.once('close', () => {
      this.#open.delete(res);
      this.#onCount(this.#open.size);
    });
  }

  /** Sends an event to every page. */
  send(event: string, data: unknown): void {
    if (this.#open.size === 0) return;
    const text = format(event, data);
    for (const res of this.#open) {
      if (res.writableLength > MAX_PENDING_BYTES) res.destroy();
      else res.write(text);
    }
  }

  /** Ends every stream. */
  close(): void {
    for (const res of this.#open) res.end();
  }
}

const format = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
