// Waiting for room in a full queue instead of refusing at once: it slows clients to the pace at
// which records are stored.
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueFullError } from '../errors.ts';

/** How long a request waits for room, milliseconds. */
const PATIENCE_MS = 1_000;
/** Between two looks, milliseconds. */
const LOOK_MS = 50;

/**
 * Repeats what a full queue refused until there is room. A queue that made none for a whole wait is
 * stuck: it refuses at once then, until it takes records again.
 */
export class Room {
  #stuck = false;

  /** @throws what `attempt` throws; QueueFullError within a second of the first one */
  async for<T>(attempt: () => Promise<T> | T): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        const result = await attempt();
        this.#stuck = false;
        return result;
      } catch (error) {
        if (!(error instanceof QueueFullError) || this.#stuck) throw error;
        this.#stuck = performance.now() + LOOK_MS > deadline;
        if (this.#stuck) throw error;
      }
      await sleep(LOOK_MS);
    }
  }
}
