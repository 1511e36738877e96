// One direction of one connection: messages pass in wire order, each held at its head until it may go on, then streamed.
import type { Socket } from 'node:net';
import { type FrameHead, FrameParser } from './frames.ts';

/** Bytes that may gather behind a message that waits; then the sender has to wait too. */
const HELD_BYTES = 64 * 1024;

export interface RelayOptions {
  source: Socket;
  sink: Socket;
  /** Decides about a message; it and all behind it wait until `proceed` is called, which may be at once. */
  onHead: (head: FrameHead, proceed: () => void) => void;
  /** All that came has gone on: the source is between messages. */
  onIdle: () => void;
  /** The bytes are no MongoDB messages. */
  onError: (error: Error) => void;
  /** The source has sent its last byte while a message still waits. */
  onEndWhileHeld: () => void;
}

/** Forwards what `source` sends to `sink`, with backpressure, and never more than a chunk of it in memory. */
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
      this.#steer();
    });
  }

  /** True while no message is under way. */
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
    this.#steer();
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

  #steer(): void {
    const { source } = this.#options;
    const pause = this.#blocked || (this.#held && this.#parser.bufferedBytes >= HELD_BYTES);
    if (pause !== source.isPaused()) pause ? source.pause() : source.resume();
  }

  #finish(): void {
    if (this.#ended && !this.#held) this.#options.sink.end();
  }
}
