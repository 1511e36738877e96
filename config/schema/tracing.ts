// Config of the traces.
import { z } from 'zod';
import { decimal, optionalText } from '../keys.ts';

/** `tracing:*` */
export const tracingSchema = z.object({
  endpoint: optionalText({
    pattern: /^https?:\/\/[\w.-]+(:\d{1,5})?(\/[\w./-]*[\w-])?$/,
    allowed: 'an address such as http://collector.example.com:4318',
    description:
      'OTLP/HTTP address of a collector of traces (OpenTelemetry Collector, Jaeger, Tempo), without `/v1/traces`. A Service in the cluster must have the port of its pods. Without it, nothing is traced.',
    change: 'Rolls the API and consumer pods and opens their network policies to its port. Data stays.',
  }),
  sampleRatio: decimal({
    min: 0,
    max: 1,
    default: 0.01,
    description:
      'Share of the requests that are traced. A caller that sends the header `traceparent` decides by its sampled flag instead.',
    change: 'Rolls the API and consumer pods if `tracing:endpoint` is set. Data stays.',
  }),
});
