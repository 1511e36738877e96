// Asks a Prometheus over its HTTP API; Loki wraps its answers in the same way.
import { getJson } from '../tooling/http.ts';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** What is under `data` in the answer of `/api/v1/…`. */
export async function prometheusData<T>(url: string, path: string): Promise<T> {
  return ((await getJson(url + path)) as { data: T }).data;
}

/** What a PromQL expression says now. */
export async function askPrometheus(url: string, query: string): Promise<readonly Sample[]> {
  const path = `/api/v1/query?query=${encodeURIComponent(query)}`;
  return (await prometheusData<{ result: readonly Sample[] }>(url, path)).result;
}
