// One direction of one connection: forwards messages in wire order. Each is held at its head until
// it may pass, then streamed.
import type { Socket } from 'node:net';
import { type FrameHead, FrameParser } from './frames.ts';

/** Maximum number of bytes buffered behind a message that waits. Then the source is paused. */
const HELD_BYTES = 64 * 1024;

export interface RelayOptions {
  source: Socket;
  sink: Socket;
  /** Called with the head of each message. It and all after it wait until `proceed` is called. */
  onHead: (head: FrameHead, proceed: () => void) => void;
  /** Called when everything received has been forwarded and the source is between messages. */
  onIdle: () => void;
  /** Called when the bytes are no MongoDB messages. */
  onError: (error: Error) => void;
  /** Called when the source has ended while a message still waits. */
  onEndWhileHeld: () => void;
}

/** Forwards `source` to `sink` with backpressure, and never holds more than a chunk in memory. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #parser = new FrameParser();
  #held = false;
  #blocked = false;
  #ended = false;
  #running = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    const { source, sink } = options;
    source.on('data', (chunk: Buffer) => {
      this.#parser.push(chunk);
      this.#run();
    });
    source.on('end', () => {
      this.#ended = true;
      if (this.#held) options.onEndWhileHeld();
      else this.#finish();
    });
    sink.on('drain', () => {
      this.#blocked = false;
      this.#applyBackpressure();
    });
  }

  /** Whether no message is in progress. */
  get isIdle(): boolean {
    return !this.#held && this.#parser.atBoundary;
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (!this.#held) {
        const bytes = this.#parser.takeBytes();
        if (bytes) this.#forward(bytes);
        else if (!this.#open()) break;
      }
    } catch (error) {
      this.#options.onError(error as Error);
    }
    this.#running = false;
    this.#applyBackpressure();
    this.#finish();
    if (this.isIdle) this.#options.onIdle();
  }

  #forward(bytes: Buffer): void {
    if (this.#options.sink.writable && !this.#options.sink.write(bytes)) this.#blocked = true;
  }

  #open(): boolean {
    const head = this.#parser.takeHead();
    if (!head) return false;
    this.#held = true;
    this.#options.onHead(head, () => {
      this.#held = false;
      this.#run();
    });
    return true;
  }

  #applyBackpressure(): void {
    const { source } = this.#options;
    const pause = this.#blocked || (this.#held && this.#parser.bufferedBytes >= HELD_BYTES);
    if (pause !== source.isPaused()) pause ? source.pause() : source.resume();
  }

  #finish(): void {
    if (this.#ended && !this.#held) this.#options.sink.end();
  }
}
