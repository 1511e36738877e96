// Server-sent events: one open answer a page, told the same thing each second.
import type { ServerResponse } from 'node:http';
import { ConsoleError } from './errors.ts';

/** Pages that may be open at once: each costs memory here. */
const MOST_VIEWERS = 100;
/** A page that takes nothing any more is let go; it connects again if it is there, bytes. */
const MOST_PENDING_BYTES = 1_000_000;
/** A page that lost us tries again after so long, milliseconds. */
const RETRY_MS = 1_000;

export class EventStream {
  readonly #open = new Set<ServerResponse>();
  readonly #onCount: (viewers: number) => void;

  /** @param onCount told how many pages are open, whenever that changes */
  constructor(onCount: (viewers: number) => void) {
    this.#onCount = onCount;
  }

  /** Pages that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Opens the stream and sends the first event. @throws ConsoleError when too many are open */
  add(res: ServerResponse, event: string, data: unknown): void {
    if (this.#open.size >= MOST_VIEWERS)
      throw new ConsoleError(503, 'TOO_MANY_PAGES', `${MOST_VIEWERS} pages are open already; close one`, {
        'retry-after': '10',
      });
    res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx and its like would hold the events back.
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

  /** Tells every page. */
  send(event: string, data: unknown): void {
    if (this.#open.size === 0) return;
    const text = format(event, data);
    for (const res of this.#open) {
      if (res.writableLength > MOST_PENDING_BYTES) res.destroy();
      else res.write(text);
    }
  }

  /** Ends every stream. */
  close(): void {
    for (const res of this.#open) res.end();
  }
}

const format = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
