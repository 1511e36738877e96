// Traces: what the apps know of them (docs/decisions/0035-tracing.md).
import { Counter, type Registry } from 'prom-client';

/** What of a span is known when it begins. */
export interface SpanStart {
  readonly name: string;
  readonly kind: 'server' | 'client' | 'producer' | 'consumer';
  /** By the names of OpenTelemetry's semantic conventions. */
  readonly attributes: Attributes;
}

/** Attributes of a span by name. */
export type Attributes = Readonly<Record<string, string | number | string[]>>;

/** A span of a trace that is sampled. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Continues the trace elsewhere: the value of the W3C header of that name. */
  readonly traceparent: string;
  child(start: SpanStart): Span;
  set(attributes: Attributes): void;
  /** Marks it as failed. @param type an error's stable code or name */
  fail(type: string): void;
  end(): void;
}

/** Makes spans and exports them. */
export interface Tracing {
  /**
   * The first span of this process for a request.
   * @param traceparent as the caller sent it; what is malformed counts as not sent
   * @returns undefined if the request is not sampled
   */
  begin(start: SpanStart, traceparent: string | undefined): Span | undefined;
  /** Continues a trace. @returns undefined if it is not sampled, or if `traceparent` is malformed */
  resume(start: SpanStart, traceparent: string): Span | undefined;
  /** Exports what has ended, if the collector takes it within two seconds. */
  close(): Promise<void>;
}

export type TracingMetrics = ReturnType<typeof createTracingMetrics>;

export function createTracingMetrics(registry: Registry) {
  return {
    spans: new Counter({
      name: 'breakwater_trace_spans_total',
      help: 'Spans that the collector of traces took (exported) or did not take (dropped)',
      labelNames: ['outcome'],
      registers: [registry],
    }),
  };
}
