// Request bodies: read within a budget of bytes before anything else is spent on the request,
// parsed once it is its turn.
import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request } from 'express';
import type { ApiResponse } from './answer.ts';
import { HttpError, TOO_LARGE, unavailable } from './http-error.ts';

/** Bytes that all requests of a process share. */
export class ByteBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get used(): number {
    return this.#used;
  }

  /** @returns false, with nothing taken, if the budget has too few left */
  tryTake(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  /** Counts bytes that exist already and cannot be refused. */
  take(bytes: number): void {
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/** The bodies of all requests use up the budget. */
export const BODIES_EXHAUSTED = unavailable(
  'OVERLOADED',
  'too many large requests at once; nothing was stored, try again later',
);

/** What a chunk costs besides its bytes: a body can come one byte at a time. */
const CHUNK_OVERHEAD_BYTES = 512;

/** A request whose body has been read and not yet parsed. */
export type WithBody = IncomingMessage & { rawBody?: Buffer | undefined };

/** Whether a body follows the headers. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
}

/** Reads bodies into memory, each up to a limit and all together within a budget. */
export class BodyReader {
  readonly #limit: number;
  readonly #budget: ByteBudget;

  /** @param limitBytes the largest body */
  constructor(limitBytes: number, budget: ByteBudget) {
    this.#limit = limitBytes;
    this.#budget = budget;
  }

  /**
   * Reads the body into `rawBody`, then calls `done` once; never, if the client leaves before.
   * @param done gets the bytes taken from the budget, which the caller gives back; or, with an
   * error, nothing was taken: `TOO_LARGE` or `BODIES_EXHAUSTED`
   */
  read(req: WithBody, res: ApiResponse, done: (error: HttpError | undefined, bytes: number) => void): void {
    if (Number(req.headers['content-length']) > this.#limit) {
      done(TOO_LARGE, 0);
      return;
    }
    if (req.headers.expect !== undefined) res.writeContinue();
    const chunks: Buffer[] = [];
    let length = 0;
    let held = 0;
    const detach = (): void => {
      req.off('data', onData).off('end', onEnd);
      res.off('close', onClose);
    };
    const fail = (error: HttpError): void => {
      detach();
      this.#budget.give(held);
      done(error, 0);
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      const cost = chunk.length + CHUNK_OVERHEAD_BYTES;
      if (length > this.#limit) fail(TOO_LARGE);
      else if (!this.#budget.tryTake(cost)) fail(BODIES_EXHAUSTED);
      else {
        held += cost;
        chunks.push(chunk);
      }
    };
    const onEnd = (): void => {
      detach();
      this.#budget.give(held - length);
      req.rawBody = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
      done(undefined, length);
    };
    const onClose = (): void => {
      detach();
      this.#budget.give(held);
    };
    req.on('data', onData).on('end', onEnd);
    res.on('close', onClose);
  }
}

const JSON_TYPE = /^\s*application\/json\s*(?:;(.*))?$/i;
const CHARSET = /(?:^|;)\s*charset\s*=\s*"?([^";\s]*)/i;
const UTF8 = /^utf-?8$/i;
const BOM = '\ufeff';

/**
 * Express middleware: parses what was read into `req.body`; undefined for no body, or one of
 * another type than JSON.
 */
export function parseJson(req: Request & WithBody, _res: ApiResponse, next: NextFunction): void {
  req.body = jsonOf(req);
  // Freed while the records are on their way.
  req.rawBody = undefined;
  next();
}

/** @throws HttpError 400 or 415 */
function jsonOf({ headers, rawBody }: WithBody): unknown {
  if (!rawBody || rawBody.length === 0) return undefined;
  const type = JSON_TYPE.exec(headers['content-type'] ?? '');
  if (!type) return undefined;
  const charset = CHARSET.exec(type[1] ?? '')?.[1];
  if (charset !== undefined && !UTF8.test(charset))
    throw new HttpError(415, 'BAD_REQUEST', 'the charset cannot be understood; allowed: utf-8');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new HttpError(415, 'BAD_REQUEST', 'the content-encoding cannot be understood; send the body as it is');
  const text = rawBody.toString('utf8');
  try {
    return JSON.parse(text.startsWith(BOM) ? text.slice(1) : text);
  } catch (error) {
    throw new HttpError(400, 'BAD_JSON', `the body is not JSON: ${(error as Error).message}`);
  }
}
