// The trace of a request: from its arrival to the end of its answer, waiting for its turn included.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TRACEPARENT } from '../shared/queue/traces.ts';
import { sendSpan, type TracedQueue } from '../shared/tracing/messaging.ts';
import type { Span, Tracing } from '../shared/tracing/tracing.ts';
import { labelsOf, statusOf } from './request-metrics.ts';

/** A request that is sampled. */
export class RequestTrace {
  readonly #span: Span;
  readonly #queue: TracedQueue;

  constructor(span: Span, queue: TracedQueue) {
    this.#span = span;
    this.#queue = queue;
  }

  /** 32 hexadecimal digits. */
  get traceId(): string {
    return this.#span.traceId;
  }

  /** Handing records to the queue; the caller ends it. */
  send(records: number): Span {
    return this.#span.child(sendSpan(this.#queue, records));
  }

  /** The answer is an error that is not the client's fault. @param code of the answer */
  fail(code: string): void {
    this.#span.fail(code);
  }
}

/** @returns undefined for a request that is not sampled */
export type StartTrace = (req: IncomingMessage, res: ServerResponse, requestId: string) => RequestTrace | undefined;

/** Continues the traces of callers, and begins those of a share of the other requests. */
export const traceRequests =
  (tracing: Tracing, queue: TracedQueue): StartTrace =>
  (req, res, requestId) => {
    const { method, route } = labelsOf(req);
    const header = req.headers[TRACEPARENT];
    const attributes = { 'http.request.method': method, 'http.route': route, 'url.scheme': 'http' };
    const start = { name: `${method} ${route}`, kind: 'server' as const, attributes };
    const span = tracing.begin(start, typeof header === 'string' ? header : undefined);
    if (span === undefined) return undefined;
    span.set({ 'url.path': req.url!.replace(/\?.*/s, ''), 'breakwater.request_id': requestId });
    res.on('close', () => {
      const status = statusOf(res);
      if (status === undefined) span.fail('client left');
      else span.set({ 'http.response.status_code': status });
      span.end();
    });
    return new RequestTrace(span, queue);
  };
