// Errors as clients see them: a status, a stable code, a message; nothing of the inside.
import type { ServerResponse } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { MongoError } from 'mongodb';
import {
  QueueFullError,
  QueueOutcomeUnknownError,
  QueueRefusedError,
  QueueUnavailableError,
  StoreUnavailableError,
} from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { ApiMetrics } from './metrics.ts';

/** An answer that is an error. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Seconds after which a client that was turned away may come again. */
const RETRY_AFTER_SECONDS = 1;

/** 503: try again later. */
const unavailable = (code: string, message: string): HttpError =>
  new HttpError(503, code, message, { 'retry-after': String(RETRY_AFTER_SECONDS) });

/** The process has more to do than it can. */
export const OVERLOADED = unavailable('OVERLOADED', 'too many requests at once; nothing was stored, try again later');

/** What a client is told of an error that a handler threw. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof QueueFullError)
    return unavailable('QUEUE_FULL', 'the queue is full; nothing was stored, try again later');
  if (error instanceof QueueUnavailableError)
    return unavailable('QUEUE_UNAVAILABLE', 'the queue is unreachable; nothing was stored, try again later');
  if (error instanceof QueueOutcomeUnknownError)
    return unavailable('OUTCOME_UNKNOWN', 'the queue did not confirm in time; the records may or may not be stored');
  if (error instanceof QueueRefusedError) return new HttpError(413, 'TOO_LARGE', error.message);
  const { type, status } = (error ?? {}) as { type?: string; status?: number };
  if (type === 'entity.too.large') return new HttpError(413, 'TOO_LARGE', 'the body is larger than this API takes');
  if (type === 'entity.parse.failed')
    return new HttpError(400, 'BAD_JSON', `the body is not JSON: ${(error as Error).message}`);
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new HttpError(status, 'BAD_REQUEST', 'the request cannot be understood');
  if (error instanceof MongoError || error instanceof StoreUnavailableError)
    return unavailable('STORE_UNAVAILABLE', 'a record that is not cached cannot be read now; nothing was stored');
  return new HttpError(500, 'INTERNAL', 'something went wrong; it has been logged under this request id');
}

/** The one error handler. */
export function errorHandler(metrics: ApiMetrics, logger: Logger) {
  // Express tells an error handler by its four parameters.
  return (error: unknown, req: Request, res: Response, next: NextFunction): void => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const answer = toHttpError(error);
    if (answer.status === 503) metrics.shed.inc({ reason: answer.code.toLowerCase() });
    if (answer.status === 500)
      logger.error({ err: error, requestId: res.locals.requestId, path: req.path }, 'a request failed');
    else if (logger.isLevelEnabled('debug'))
      logger.debug({ requestId: res.locals.requestId, status: answer.status, code: answer.code }, 'refused a request');
    sendError(res, answer);
  };
}

/** Shedding at the door, before Express has seen the request. */
export function sendOverloaded(res: ServerResponse): void {
  const { status, code, message, headers } = OVERLOADED;
  res.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8' });
  res.end(JSON.stringify({ status: 'error', code, message }));
}

/** Writes the error. */
export function sendError(res: Response, { status, code, message, headers }: HttpError): void {
  res.status(status).set(headers).json({ status: 'error', code, message });
}
