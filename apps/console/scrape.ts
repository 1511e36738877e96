// Reads the metrics of one process: fetches the page, and parses the Prometheus text format.
import { type Component, type MetricSample, type Reading, readingOf } from './readings.ts';

/** The text is not in the Prometheus format; `message` quotes the line. */
class PrometheusFormatError extends Error {
  override readonly name = 'PrometheusFormatError';
  readonly code = 'BAD_METRICS';
}

/** A process did not return its metrics; `message` says why in a few words. */
class ScrapeError extends Error {
  override readonly name = 'ScrapeError';
  readonly code = 'NO_METRICS';
}

/** Longer than an app waits for a queue that hangs, milliseconds. */
const TIMEOUT_MS = 3_000;

export type Scrape = (component: Component, address: string) => Promise<Reading>;

/** @throws ScrapeError */
export const scrape: Scrape = async (component, address) => {
  try {
    const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    if (!response.ok) throw new ScrapeError(`HTTP status ${response.status}`);
    return readingOf(component, parsePrometheus(text));
  } catch (error) {
    throw error instanceof ScrapeError ? error : new ScrapeError(reasonOf(error as Error), { cause: error });
  }
};

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  UND_ERR_SOCKET: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'no answer',
  UND_ERR_CONNECT_TIMEOUT: 'no answer',
};

function reasonOf(error: Error): string {
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  if (error instanceof PrometheusFormatError) return `unreadable answer: ${error.message}`;
  const { code } = (error.cause ?? error) as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? code ?? error.message;
}

/**
 * Name, labels, value, and perhaps a timestamp. A label's value may hold braces: the last one
 * closes.
 */
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?[ \t]*/y;

/** @throws PrometheusFormatError */
export function parsePrometheus(text: string): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) throw new PrometheusFormatError(`not a metric: ${line.slice(0, 80)}`);
    samples.push({ name, labels: parseLabels(labels, line), value: parseValue(value!, line) });
  }
  return samples;
}

function parseLabels(text: string, line: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    LABEL.lastIndex = at;
    const [whole, name, value] = LABEL.exec(text) ?? [];
    if (whole === undefined) throw new PrometheusFormatError(`bad labels: ${line.slice(0, 80)}`);
    labels[name!] = value!.includes('\\') ? value!.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c)) : value!;
    at += whole.length;
  }
  return labels;
}

/** Prometheus accepts these in any case (prom-client writes `Nan`). */
const WORDS: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

function parseValue(text: string, line: string): number {
  const word = WORDS[text.toLowerCase()];
  const value = word ?? Number(text);
  if (word === undefined && Number.isNaN(value)) throw new PrometheusFormatError(`bad value: ${line.slice(0, 80)}`);
  return value;
}
