// Measures each request from its arrival, before admission, so that waiting and shedding count as
// users feel them.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Histogram } from 'prom-client';

/** What a client that left before its answer is counted as (nginx's number for it). */
const CLIENT_LEFT = 499;

/** Probes are no users. By the request target as it is, as in the application. */
const PROBES = new Set(['/healthz', '/readyz']);

const ROUTES: readonly (readonly [RegExp, string])[] = [
  [/^\/api\/(data|records|stats)\/?(\?|$)/, '/api/$1'],
  [/^\/api\/records\/[^/]+\/?(\?|$)/, '/api/records/:id'],
];

/**
 * The route that a URL leads to, so that ids make no series of their own; `unmatched` for what does
 * not exist.
 */
export function routeOf(url: string | undefined): string {
  for (const [pattern, route] of ROUTES) {
    const match = pattern.exec(url ?? '');
    if (match) return route.replace('$1', match[1] ?? '');
  }
  return 'unmatched';
}

/** Methods with a label of their own; a client could invent others without end. */
const METHODS = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);

/** What was asked for, in as few values as a series may have. */
export const labelsOf = (req: IncomingMessage) => ({
  method: METHODS.has(req.method ?? '') ? (req.method as string) : 'other',
  route: routeOf(req.url),
});

/** The status of a closed request; undefined if the client left before its answer. */
export const statusOf = (res: ServerResponse): number | undefined =>
  res.writableFinished ? res.statusCode : undefined;

/** Passes requests on to `handler` and tells `seconds` of each but the probes. */
export function observeRequests(
  handler: RequestListener,
  seconds: Pick<Histogram<'method' | 'route' | 'status'>, 'observe'>,
): RequestListener {
  return (req, res) => {
    if (!PROBES.has(req.url ?? '')) {
      const begun = performance.now();
      res.on('close', () => {
        const status = statusOf(res) ?? CLIENT_LEFT;
        seconds.observe({ ...labelsOf(req), status }, (performance.now() - begun) / 1000);
      });
    }
    handler(req, res);
  };
}
