// The API as a function of its parts, apart from the server that listens.
import { randomUUID } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from '../shared/logger.ts';
import { errorHandler, HttpError, OVERLOADED, sendError } from './http-error.ts';
import type { ApiMetrics } from './metrics.ts';
import type { Pressure } from './pressure.ts';
import { type DataRouteParts, dataRoute } from './routes/data.ts';
import { recordsRoute } from './routes/records.ts';
import type { StatsSource } from './stats.ts';

export interface ApiParts extends DataRouteParts {
  stats: StatsSource;
  metrics: ApiMetrics;
  pressure: Pressure;
  /** False from the moment it drains. */
  open: () => boolean;
  /** A body may have so many KiB. */
  bodyLimitKiB: number;
  logger: Logger;
}

/** The Express application. */
export function createApp(parts: ApiParts): Express {
  const { metrics, pressure, logger } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  const json = express.json({ limit: parts.bodyLimitKiB * 1024, strict: false });
  const data = dataRoute(parts);
  const records = recordsRoute(parts.reader, parts.writer);

  app.use(identify);
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.get('/readyz', (_req, res) => {
    const ready = parts.open() && parts.writer.ready() && !pressure.high();
    res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready' });
  });
  app.use((_req: Request, res: Response, next: NextFunction) => {
    if (!pressure.high()) return next();
    metrics.shed.inc({ reason: 'event_loop' });
    sendError(res, OVERLOADED);
  });
  // Express would answer HEAD as GET, and write five records.
  app.route('/api/data').head(notAllowed('GET, POST')).get(data.get).post(json, data.post).all(notAllowed('GET, POST'));
  app.route('/api/records').post(json, records.post).all(notAllowed('POST'));
  app.route('/api/records/:id').get(records.get).all(notAllowed('GET'));
  app
    .route('/api/stats')
    .get(async (_req, res) => void res.json(await parts.stats.read()))
    .all(notAllowed('GET'));
  app.all(['/healthz', '/readyz'], notAllowed('GET'));
  app.use((req: Request) => {
    throw new HttpError(404, 'NOT_FOUND', `there is no ${req.path}; see /api/data, /api/records, /api/stats`);
  });
  app.use(errorHandler(metrics, logger));
  return app;
}

const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** Takes the caller's request id, or makes one; the answer carries it. */
function identify(req: Request, res: Response, next: NextFunction): void {
  const given = req.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  res.locals.requestId = requestId;
  res.setHeader('x-request-id', requestId);
  next();
}

const notAllowed = (allow: string) => (req: Request) => {
  throw new HttpError(405, 'METHOD_NOT_ALLOWED', `${req.method} is not allowed here; allowed: ${allow}`, { allow });
};
