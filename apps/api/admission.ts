// Admission: a process works on so many requests at once; the others wait their turn and cost next to nothing while they do.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import Denque from 'denque';

export interface AdmissionOptions {
  /**
   * Requests that a process works on at once. More would not make it faster (they share one event loop, and group commit
   * is saturated long before) but hold more memory: with 10,000 at once it mostly collects garbage. Default 256.
   */
  limit?: number;
  /** Who waited longer than this is turned away instead of being served late, milliseconds. */
  maxWaitMs: number;
  /** Turns a request away. */
  shed: RequestListener;
  /** Monotonic clock, milliseconds. Default performance.now. */
  now?: () => number;
}

export interface Admission {
  /** What the server calls for each request. */
  readonly handler: RequestListener;
  /** Requests in line, those of clients that left meanwhile included. */
  waiting(): number;
}

interface Turn {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly sinceMs: number;
}

/**
 * Lets `limit` API requests at a time through to `handler`, the others first come, first served, before anything is
 * allocated for them. A client that left meanwhile loses its turn. Everything outside /api/ (probes) passes at once.
 */
export function admit(handler: RequestListener, options: AdmissionOptions): Admission {
  const { limit = 256, maxWaitMs, shed, now = () => performance.now() } = options;
  let inside = 0;
  const line = new Denque<Turn>();

  const enter = (req: IncomingMessage, res: ServerResponse): void => {
    res.once('close', leave);
    handler(req, res);
  };
  /** The place passes to the next in line who is still there and has not waited too long. */
  const leave = (): void => {
    for (let turn = line.shift(); turn; turn = line.shift()) {
      const { req, res, sinceMs } = turn;
      if (res.destroyed) continue;
      if (now() - sinceMs > maxWaitMs) shed(req, res);
      else {
        enter(req, res);
        return;
      }
    }
    inside--;
  };

  return {
    handler: (req, res) => {
      if (!req.url?.startsWith('/api/')) handler(req, res);
      else if (inside < limit) {
        inside++;
        enter(req, res);
      } else line.push({ req, res, sinceMs: now() });
    },
    waiting: () => line.length,
  };
}
