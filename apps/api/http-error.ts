// Errors as clients see them: a status, a stable code, a message; nothing of the inside.
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { NextFunction, Request } from 'express';
import {
  QueueFullError,
  QueueOutcomeUnknownError,
  QueueRefusedError,
  QueueUnavailableError,
  StoreUnavailableError,
} from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { type ApiResponse, sendJson } from './answer.ts';
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
export const unavailable = (code: string, message: string): HttpError =>
  new HttpError(503, code, message, { 'retry-after': String(RETRY_AFTER_SECONDS) });

/** The process has more to do than it can. */
export const OVERLOADED = unavailable('OVERLOADED', 'too many requests at once; nothing was stored, try again later');

/** The body exceeds api:bodyLimitKiB. */
export const TOO_LARGE = new HttpError(413, 'TOO_LARGE', 'the body is larger than this API takes');

/** What a client is told of an error that a handler threw. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof QueueFullError)
    return unavailable('QUEUE_FULL', 'the queue is full; nothing was stored, try again later');
  if (error instanceof QueueUnavailableError)
    return unavailable('QUEUE_UNAVAILABLE', 'the queue is unreachable; nothing was stored, try again later');
  if (error instanceof QueueOutcomeUnknownError)
    return unavailable('OUTCOME_UNKNOWN', 'the queue did not confirm in time; the records may or may not be stored');
  if (error instanceof QueueRefusedError)
    return new HttpError(413, 'TOO_LARGE', 'the records are larger than the queue takes at once; nothing was stored');
  const { status } = (error ?? {}) as { status?: number };
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new HttpError(status, 'BAD_REQUEST', 'the request cannot be understood');
  if (error instanceof StoreUnavailableError)
    return unavailable('STORE_UNAVAILABLE', 'a record that is not cached cannot be read now; nothing was stored');
  return new HttpError(500, 'INTERNAL', 'something went wrong; it has been logged under this request id');
}

/** An error of Node's HTTP parser, or of its timers, by its code. */
export function toParserError(code: string | undefined): HttpError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new HttpError(408, 'REQUEST_TIMEOUT', 'the request did not arrive in time; nothing was stored');
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpError(431, 'HEADERS_TOO_LARGE', 'the headers are too large');
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return TOO_LARGE;
  return new HttpError(400, 'BAD_REQUEST', 'the request is not valid HTTP');
}

/** The one error handler. */
export function errorHandler(metrics: ApiMetrics, logger: Logger) {
  // Express recognizes an error handler by its four parameters.
  return (error: unknown, req: Request, res: ApiResponse, next: NextFunction): void => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const answer = toHttpError(error);
    const { requestId, trace } = res.locals;
    const request = { requestId, trace_id: trace?.traceId };
    if (answer.status === 503) metrics.shed.inc({ reason: answer.code.toLowerCase() });
    if (answer.status === 500) logger.error({ err: error, ...request, path: req.path }, 'a request failed');
    else if (error instanceof QueueRefusedError) logger.warn({ err: error, ...request }, 'the queue refuses records');
    else if (logger.isLevelEnabled('debug'))
      logger.debug({ ...request, status: answer.status, code: answer.code }, 'refused a request');
    sendError(res, answer);
  };
}

const bodyOf = ({ code, message }: HttpError) => ({ status: 'error', code, message });

/** Answers with the error. */
function sendError(res: ApiResponse, error: HttpError): void {
  if (error.status >= 500) res.locals.trace?.fail(error.code);
  sendJson(res, error.status, bodyOf(error), error.headers);
}

/** How long a body that was refused may go on arriving, milliseconds. */
const LINGER_MS = 1_000;

/**
 * Answers with the error while the body may still be arriving. Closing at once would reset the
 * connection, and the client would not see the answer; so what arrives is dropped for a moment, and
 * a connection that is not done by then is closed.
 */
export function sendErrorEarly(req: IncomingMessage, res: ApiResponse, error: HttpError): void {
  // A client that waits for permission may now send its body or not: the next request could not be
  // told from it.
  if (req.headers.expect !== undefined) res.shouldKeepAlive = false;
  sendError(res, error);
  if (req.complete) return;
  const { socket } = req;
  const timer = setTimeout(() => req.complete || socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** The error as a whole HTTP answer, for connections that have no request yet. */
export function rawError(error: HttpError): string {
  const body = JSON.stringify(bodyOf(error));
  const head = {
    ...error.headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`;
}
