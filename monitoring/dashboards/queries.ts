// PromQL that several panels ask for. `$__rate_interval` is Grafana's: at least four scrapes.
const WINDOW = '$__rate_interval';

/** A second's worth of a counter, all processes together. */
export const rate = (counter: string): string => `sum(rate(${counter}[${WINDOW}]))`;

/** The same by some label. */
export const rateBy = (label: string, counter: string): string => `sum by (${label}) (rate(${counter}[${WINDOW}]))`;

/** A quantile of a histogram, all processes together. @param selector labels, in braces */
export const quantile = (q: number, histogram: string, selector = ''): string =>
  `histogram_quantile(${q}, sum by (le) (rate(${histogram}_bucket${selector}[${WINDOW}])))`;

/** p50, p95 and p99 of a histogram. */
export const quantiles = (histogram: string, selector = '') => ({
  p50: quantile(0.5, histogram, selector),
  p95: quantile(0.95, histogram, selector),
  p99: quantile(0.99, histogram, selector),
});

/** Sums of a histogram's observations by their number: the mean. */
export const mean = (histogram: string): string => `${rate(`${histogram}_sum`)} / ${rate(`${histogram}_count`)}`;

/** Requests of users, without those that only ask how things are. */
export const REQUESTS = 'breakwater_http_request_duration_seconds';
export const USERS = '{route!="/api/stats"}';
/** Requests that failed on our side. */
export const FAILED = '{route!="/api/stats",status=~"5.."}';

export const failedRatio = `(${rate(`${REQUESTS}_count${FAILED}`)} or vector(0)) / ${rate(`${REQUESTS}_count${USERS}`)}`;
export const hitRatio = `${rate('breakwater_cache_hits_total')} / (${rate('breakwater_cache_hits_total')} + ${rate('breakwater_cache_misses_total')})`;
/** All API processes tell the same lag. */
export const LAG = 'max(breakwater_queue_lag_records)';
/** At this lag the API answers 503. Drawn from a tenth of it on: before, its axis would press the lag flat to the ground. */
export const LAG_LIMIT = `max(breakwater_queue_limit_records) < 10 * ${LAG}`;
/** Whoever puts records into the queue; nothing rather than 0 where none of them is asked. */
export const accepted = `sum(rate(breakwater_records_accepted_total[${WINDOW}]) or rate(breakwater_producer_messages_total{outcome="accepted"}[${WINDOW}]))`;

/** The pods of a component: `name-0` of a StatefulSet, `name-5d8f-x7k2p` of a Deployment, and not `name-exporter-…`. */
const podsOf = (component: string): string => `{pod=~"${component}-([0-9]+|[0-9a-z]+-[0-9a-z]{5})"}`;

/** Cores that each pod of a component uses, and its memory, as the kubelets tell them. */
export const cpuOf = (component: string): string =>
  `sum by (pod) (rate(container_cpu_usage_seconds_total${podsOf(component)}[${WINDOW}]))`;
export const memoryOf = (component: string): string =>
  `sum by (pod) (container_memory_working_set_bytes${podsOf(component)})`;
