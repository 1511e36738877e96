// Asks one process for its metrics; what goes wrong comes back in words.
import { PrometheusFormatError, parsePrometheus } from './prometheus.ts';
import { type Component, type Reading, readingOf } from './readings.ts';

/** A process did not give its metrics; `message` says why in a few words. */
export class ScrapeError extends Error {
  override readonly name = 'ScrapeError';
  readonly code = 'NO_METRICS';
}

/** Longer than an app takes to give up on a queue that hangs, milliseconds. */
const TIMEOUT_MS = 3_000;

export type Scrape = (component: Component, address: string) => Promise<Reading>;

/** @throws ScrapeError */
export const scrape: Scrape = async (component, address) => {
  try {
    const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    if (!response.ok) throw new ScrapeError(`it answers ${response.status}`);
    return readingOf(component, parsePrometheus(text));
  } catch (error) {
    throw error instanceof ScrapeError ? error : new ScrapeError(inWords(error as Error), { cause: error });
  }
};

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection broken',
  UND_ERR_SOCKET: 'connection broken',
  EHOSTUNREACH: 'no way to it',
  ENETUNREACH: 'no way to it',
  ETIMEDOUT: 'no answer',
  UND_ERR_CONNECT_TIMEOUT: 'no answer',
};

function inWords(error: Error): string {
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  if (error instanceof PrometheusFormatError) return `its answer is ${error.message}`;
  const { code } = (error.cause ?? error) as NodeJS.ErrnoException;
  return WORDS[code ?? ''] ?? code ?? error.message;
}
