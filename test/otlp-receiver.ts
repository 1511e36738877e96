// A collector of traces for tests: takes OTLP over HTTP as JSON and keeps the spans.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { LocalServer } from './local-server.ts';

/** A span as it was exported. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** As OTLP numbers them: 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly arrayValue?: { readonly values: readonly OtlpValue[] };
}
type OtlpAttributes = readonly { readonly key: string; readonly value: OtlpValue }[];
interface OtlpSpan extends Pick<ReceivedSpan, 'traceId' | 'spanId' | 'name' | 'kind'> {
  readonly parentSpanId?: string;
  readonly attributes: OtlpAttributes;
  readonly status: { readonly code?: number };
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpAttributes };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const plain = ({ stringValue, intValue, arrayValue }: OtlpValue): unknown =>
  stringValue ?? arrayValue?.values.map(plain) ?? Number(intValue);
const toObject = (attributes: OtlpAttributes) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));

const spansOf = ({ resourceSpans }: OtlpRequest): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId = '', name, kind, attributes, status }) => ({
        ...{ traceId, spanId, parentSpanId, name, kind },
        service: String(toObject(resource.attributes)['service.name']),
        failed: status.code === 2,
        attributes: toObject(attributes),
      })),
    ),
  );

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /**
   * Status of its answers; undefined: it answers nothing. Spans of others than 200 are not kept.
   */
  status: number | undefined = 200;
  #server!: LocalServer;

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    receiver.#server = await LocalServer.start((req, res) => receiver.#receive(req, res));
    return receiver;
  }

  /** What an app exports to. */
  get url(): string {
    return this.#server.url;
  }

  /** The spans of one trace. */
  trace(traceId: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async #receive(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const request = (await json(req)) as OtlpRequest;
    if (this.status === 200 && req.url === '/v1/traces') this.spans.push(...spansOf(request));
    if (this.status !== undefined)
      res.writeHead(req.url === '/v1/traces' ? this.status : 404, { 'content-type': 'application/json' }).end('{}');
  }
}
