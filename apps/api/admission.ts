// Admission: a process works on so many requests at once; the others wait their turn and cost next to nothing while they do.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/**
 * Requests that a process works on at once. More would not make it faster (they share one event loop, and group commit is
 * saturated long before) but hold more memory: with 10,000 at once it would mostly collect garbage.
 */
const MAX_INSIDE = 256;

interface Turn {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/**
 * Lets `limit` API requests at a time through to `handler`, the others first come, first served, before anything is
 * allocated for them. A client that left meanwhile loses its turn. Everything outside /api/ (probes) passes at once.
 */
export function admit(handler: RequestListener, limit: number = MAX_INSIDE): RequestListener {
  let inside = 0;
  let line: Turn[] = [];
  let head = 0;

  const enter = ({ req, res }: Turn): void => {
    res.once('close', leave);
    handler(req, res);
  };
  /** The place passes to the next in line who is still there. */
  const leave = (): void => {
    while (head < line.length) {
      const turn = line[head++]!;
      if (head === line.length || head > 10_000) {
        line = line.slice(head);
        head = 0;
      }
      if (turn.res.destroyed) continue;
      enter(turn);
      return;
    }
    inside--;
  };

  return (req, res) => {
    if (!req.url?.startsWith('/api/')) handler(req, res);
    else if (inside >= limit) line.push({ req, res });
    else {
      inside++;
      enter({ req, res });
    }
  };
}
