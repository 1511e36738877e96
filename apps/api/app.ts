// The API as a function of its parts, apart from the server that listens.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import express, { type Express, type Request } from 'express';
import type { Logger } from '../shared/logger.ts';
import { Admission } from './admission.ts';
import { type ApiResponse, sendJson } from './answer.ts';
import { parseJson } from './body.ts';
import { errorHandler, HttpError, OVERLOADED, sendErrorEarly } from './http-error.ts';
import type { ApiMetrics } from './metrics.ts';
import type { Pressure } from './pressure.ts';
import type { StartTrace } from './request-trace.ts';
import { type DataRouteParts, dataRoute } from './routes/data.ts';
import { recordsRoute } from './routes/records.ts';
import type { StatsSource } from './stats.ts';

export interface ApiParts extends DataRouteParts {
  stats: StatsSource;
  metrics: ApiMetrics;
  pressure: Pressure;
  /** False from the moment it drains. */
  open: () => boolean;
  /** The largest body, KiB. */
  bodyLimitKiB: number;
  /** What all bodies of this process may hold in memory at once, bytes. Default 64 MiB. */
  bodiesBytes?: number;
  /** How long a request may wait for its turn, milliseconds. Default 4,000. */
  maxWaitMs?: number;
  /** Default: nothing is traced. */
  startTrace?: StartTrace | undefined;
  logger: Logger;
}

export interface ApiApp {
  /** What the server calls for each request. */
  readonly handler: RequestListener;
  readonly admission: Admission;
}

type Handler = (req: IncomingMessage, res: ApiResponse) => void;

/** The application: probes and statistics at once, everything else once it is its turn. */
export function createApp(parts: ApiParts): ApiApp {
  const { metrics, pressure, logger, stats, startTrace, bodiesBytes = 64 * 2 ** 20, maxWaitMs = 4_000 } = parts;
  const shed = (req: IncomingMessage, res: ApiResponse, error: HttpError, reason?: string): void => {
    if (reason !== undefined) metrics.shed.inc({ reason });
    if (!res.destroyed) sendErrorEarly(req, res, error);
  };
  const admission = new Admission({
    maxWaitMs,
    bodyLimitBytes: parts.bodyLimitKiB * 1024,
    bodiesBytes,
    readBytes: () => parts.reader.averageBytes,
    refuse: shed,
  });
  const healthz: Handler = (_req, res) => sendJson(res, 200, { status: 'ok' });
  const readyz: Handler = (_req, res) => {
    const ready = parts.open() && parts.writer.ready() && !pressure.high();
    sendJson(res, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready' });
  };
  const readStats: Handler = (_req, res) => sendJson(res, 200, stats.read());
  // By the request target as it is: nothing else passes the door unseen.
  const atOnce: ReadonlyMap<string, Handler> = new Map([
    ['/healthz', healthz],
    ['/readyz', readyz],
    ['/api/stats', readStats],
  ]);
  const routes = createRoutes(parts, { healthz, readyz, readStats });
  routes.use(errorHandler(metrics, logger));

  const handle = (req: IncomingMessage, res: ApiResponse): void => {
    const requestId = requestIdOf(req);
    res.locals = { requestId };
    const now = req.method === 'GET' ? atOnce.get(req.url!) : undefined;
    if (now) {
      now(req, res);
      return;
    }
    const hasPath = toPath(req);
    if (startTrace !== undefined) res.locals.trace = startTrace(req, res, requestId);
    if (!hasPath) shed(req, res, BAD_TARGET);
    else if (!EXPECTATIONS.has(req.headers.expect?.toLowerCase())) shed(req, res, BAD_EXPECTATION);
    else if (pressure.high()) shed(req, res, OVERLOADED, 'event_loop');
    else admission.handle(req, res, () => routes(req, res));
  };
  return { handler: handle as RequestListener, admission };
}

/** The routes, for requests whose body has been read. */
function createRoutes(parts: ApiParts, probes: Readonly<Record<'healthz' | 'readyz' | 'readStats', Handler>>): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  const data = dataRoute(parts);
  const records = recordsRoute(parts.reader, parts.writer);
  // Express would answer HEAD as GET, and write five records.
  app
    .route('/api/data')
    .head(notAllowed('GET, POST'))
    .get(data.get)
    .post(parseJson, data.post)
    .all(notAllowed('GET, POST'));
  app.route('/api/records').post(parseJson, records.post).all(notAllowed('POST'));
  app.route('/api/records/:id').get(records.get).all(notAllowed('GET'));
  app.route('/api/stats').get(probes.readStats).all(notAllowed('GET'));
  app.route('/healthz').get(probes.healthz).all(notAllowed('GET'));
  app.route('/readyz').get(probes.readyz).all(notAllowed('GET'));
  app.use((req: Request) => {
    throw new HttpError(404, 'NOT_FOUND', `there is no ${req.path}; see /api/data, /api/records, /api/stats`);
  });
  return app;
}

const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** The caller's request id, or a new one; the answer carries it. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

const EXPECTATIONS: ReadonlySet<string | undefined> = new Set([undefined, '100-continue']);
const BAD_EXPECTATION = new HttpError(417, 'BAD_REQUEST', 'Expect: only 100-continue can be met');
const BAD_TARGET = new HttpError(400, 'BAD_REQUEST', 'the request target is neither a path nor a URL');

/**
 * Reduces the absolute form of a request target, which proxies send, to its path.
 * @returns false for what has none
 */
function toPath(req: IncomingMessage): boolean {
  if (req.url!.startsWith('/')) return true;
  const url = URL.parse(req.url!);
  if (!url?.pathname.startsWith('/')) return false;
  req.url = url.pathname + url.search;
  return true;
}

const notAllowed = (allow: string) => (req: Request) => {
  throw new HttpError(405, 'METHOD_NOT_ALLOWED', `${req.method} is not allowed here; allowed: ${allow}`, { allow });
};
