// Answers as JSON, written straight to the response: Express' own res.json costs more than the
// route.
import type { ServerResponse } from 'node:http';
import type { RequestTrace } from './request-trace.ts';

/** What a request is known by, set before Express sees it. */
export interface RequestContext {
  requestId: string;
  /** Only if it is sampled. */
  trace?: RequestTrace | undefined;
}

declare global {
  namespace Express {
    interface Locals extends RequestContext {}
  }
}

/** A response as this API's handlers get it, inside Express and before it. */
export type ApiResponse = ServerResponse & { locals: RequestContext };

/**
 * Answers with `body` as JSON, under the request's id. To be called once: it throws after the head
 * has been sent.
 * @param headers further headers, in lower case
 */
export function sendJson(
  res: ApiResponse,
  status: number,
  body: unknown,
  headers?: Readonly<Record<string, string>>,
): void {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'x-request-id': res.locals.requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  // As text, not as a Buffer: head and body then leave in one write.
  res.end(text);
}
