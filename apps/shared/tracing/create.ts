// The tracing that the settings ask for. OpenTelemetry is loaded only if they do.
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { Logger } from '../logger.ts';
import { number, SettingsError } from '../settings.ts';
import { createTracingMetrics, type Tracing } from './tracing.ts';

/** Settings of the apps that take part in traces. */
export const tracingSettings = {
  /** Address of the collector, without `/v1/traces`. Absent: nothing is traced. */
  TRACING_ENDPOINT: z.url().optional(),
  /** Share of the requests that are traced if their caller does not say so, 0 to 1. */
  TRACING_SAMPLE_RATIO: number(0).max(1, 'must be at most 1').optional(),
};

export interface TracingContext {
  /** Which app: `api`. */
  readonly app: string;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** @returns undefined where nothing is to be traced @throws SettingsError */
export async function createTracing(
  settings: z.infer<z.ZodObject<typeof tracingSettings>>,
  { app, registry, logger }: TracingContext,
): Promise<Tracing | undefined> {
  const { TRACING_ENDPOINT: endpoint, TRACING_SAMPLE_RATIO: sampleRatio } = settings;
  if (endpoint === undefined) return undefined;
  if (sampleRatio === undefined)
    throw new SettingsError('Bad settings:\n  TRACING_SAMPLE_RATIO: is required with TRACING_ENDPOINT and not set');
  const { OtlpTracing } = await import('./otlp.ts');
  return new OtlpTracing({ endpoint, sampleRatio, app }, createTracingMetrics(registry), logger);
}
