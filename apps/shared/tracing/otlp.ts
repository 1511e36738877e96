// Traces by OpenTelemetry, exported as OTLP over HTTP. Loaded only where they are wanted.
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, type Span as OtelSpan, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from '../logger.ts';
import { version } from '../metrics.ts';
import type { Attributes, Span, SpanStart, Tracing, TracingMetrics } from './tracing.ts';

/**
 * Spans that wait for the collector, at most; further ones are dropped. A span takes about 2 KB.
 */
const MAX_WAITING = 2_048;
/** How long a span waits for others to be exported with, milliseconds. */
const EXPORT_DELAY_MS = 1_000;
/** How long the collector may take for an export, repetitions included, milliseconds. */
const EXPORT_TIMEOUT_MS = 5_000;
/** How long closing waits for the last export, milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

const KINDS: Readonly<Record<SpanStart['kind'], SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

export interface OtlpOptions {
  /** Address of the collector, without `/v1/traces`. */
  readonly endpoint: string;
  /** Share of the requests that are traced if their caller does not say so, 0 to 1. */
  readonly sampleRatio: number;
  readonly app: string;
}

export class OtlpTracing implements Tracing {
  readonly #outlet: SpanOutlet;
  readonly #start: (start: SpanStart, context: Context) => OtelSpan;

  constructor({ endpoint, sampleRatio, app }: OtlpOptions, metrics: TracingMetrics, logger: Logger) {
    // A failed export is reported by the outlet.
    setGlobalErrorHandler(() => undefined);
    const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
    this.#outlet = new SpanOutlet(exporter, metrics, logger);
    const service = {
      'service.namespace': 'breakwater',
      'service.name': `breakwater-${app}`,
      'service.version': version,
      'service.instance.id': `${hostname()}-${process.pid}`,
    };
    const tracer = new TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes(service)),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [this.#outlet],
    }).getTracer('breakwater', version);
    this.#start = ({ name, kind, attributes }, context) =>
      tracer.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes } }, context);
  }

  begin(start: SpanStart, traceparent: string | undefined): Span | undefined {
    return this.#recorded(start, contextOf(traceparent) ?? ROOT_CONTEXT);
  }

  resume(start: SpanStart, traceparent: string): Span | undefined {
    const context = contextOf(traceparent);
    return context && this.#recorded(start, context);
  }

  async close(): Promise<void> {
    await Promise.race([this.#outlet.shutdown(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
  }

  #recorded(start: SpanStart, context: Context): Span | undefined {
    const span = this.#start(start, context);
    return span.isRecording() ? new RecordedSpan(span, this.#start) : undefined;
  }
}

function contextOf(traceparent: string | undefined): Context | undefined {
  const parsed = traceparent === undefined ? null : parseTraceParent(traceparent);
  return parsed ? trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true }) : undefined;
}

class RecordedSpan implements Span {
  readonly #span: OtelSpan;
  readonly #start: (start: SpanStart, context: Context) => OtelSpan;

  constructor(span: OtelSpan, start: (start: SpanStart, context: Context) => OtelSpan) {
    this.#span = span;
    this.#start = start;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  child(start: SpanStart): Span {
    return new RecordedSpan(this.#start(start, trace.setSpan(ROOT_CONTEXT, this.#span)), this.#start);
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes({ ...attributes });
  }

  fail(type: string): void {
    this.#span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.#span.end();
  }
}

/**
 * Exports spans in batches, drops those that the collector does not take, and counts both. Keeps
 * the limit itself: the SDK's processor does not report what it drops.
 */
class SpanOutlet implements SpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #batches: BatchSpanProcessor;
  readonly #metrics: TracingMetrics;
  readonly #logger: Logger;
  #waiting = 0;
  #dropped = 0;

  constructor(exporter: SpanExporter, metrics: TracingMetrics, logger: Logger) {
    this.#exporter = exporter;
    this.#metrics = metrics;
    this.#logger = logger;
    this.#batches = new BatchSpanProcessor({
      exporter: { export: (spans, done) => this.#export(spans, done), shutdown: () => exporter.shutdown() },
      maxQueueSize: MAX_WAITING,
      scheduledDelayMillis: EXPORT_DELAY_MS,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting < MAX_WAITING) {
      this.#waiting++;
      this.#batches.onEnd(span);
    } else this.#drop(1, `${MAX_WAITING} spans wait already`);
  }

  #export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#waiting -= spans.length;
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#exported(spans.length);
      else this.#drop(spans.length, result.error?.message ?? 'the export failed');
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  /** Never rejects: what could not be exported is counted. */
  shutdown(): Promise<void> {
    return this.#batches.shutdown().catch(() => undefined);
  }

  #exported(count: number): void {
    this.#metrics.spans.inc({ outcome: 'exported' }, count);
    if (this.#dropped > 0) this.#logger.info({ dropped: this.#dropped }, 'the collector takes spans again');
    this.#dropped = 0;
  }

  #drop(count: number, why: string): void {
    this.#metrics.spans.inc({ outcome: 'dropped' }, count);
    if (this.#dropped === 0) this.#logger.warn({ err: why }, 'the collector does not take spans; they are dropped');
    this.#dropped += count;
  }
}
