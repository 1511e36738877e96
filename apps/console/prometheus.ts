// Reads the Prometheus text format, as our own apps write it.

/** One line of a /metrics page. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The text is not in the Prometheus format; `message` shows the line. */
export class PrometheusFormatError extends Error {
  override readonly name = 'PrometheusFormatError';
  readonly code = 'BAD_METRICS';
}

/** Name, labels, value, and perhaps a timestamp. A label's value may hold braces: the last one closes. */
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

/** Prometheus takes these in any case (prom-client writes `Nan`). */
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
