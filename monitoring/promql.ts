// PromQL that alerts and dashboards share, so that both compute a rate or a share in the same way.

/** Grafana's variable: a window of at least four scrapes. Alerts name a window of their own. */
const GRAFANA_WINDOW = '$__rate_interval';

/** Increase of a counter per second, over all processes. */
export const rate = (counter: string, window = GRAFANA_WINDOW): string => `sum(rate(${counter}[${window}]))`;

/** The same for each value of a label. */
export const rateBy = (label: string, counter: string): string =>
  `sum by (${label}) (rate(${counter}[${GRAFANA_WINDOW}]))`;

/** A quantile of a histogram, over all processes. @param selector labels, in braces */
export const quantile = (q: number, histogram: string, selector = '', window = GRAFANA_WINDOW): string =>
  `histogram_quantile(${q}, sum by (le) (rate(${histogram}_bucket${selector}[${window}])))`;

/** p50, p95 and p99 of a histogram. */
export const quantiles = (histogram: string, selector = '') => ({
  p50: quantile(0.5, histogram, selector),
  p95: quantile(0.95, histogram, selector),
  p99: quantile(0.99, histogram, selector),
});

/** The mean of a histogram's observations. */
export const mean = (histogram: string): string => `${rate(`${histogram}_sum`)} / ${rate(`${histogram}_count`)}`;

export const REQUESTS = 'breakwater_http_request_duration_seconds';
/**
 * Selects users' requests: the console and load tests poll the statistics, which would flatter the
 * figures.
 */
export const USERS = '{route!="/api/stats"}';
/** Selects users' requests that failed through no fault of the client. */
export const FAILED = '{route!="/api/stats",status=~"5.."}';

/** Share of users' requests that failed. */
export const failedRatio = (window = GRAFANA_WINDOW): string =>
  `(${rate(`${REQUESTS}_count${FAILED}`, window)} or vector(0)) / ${rate(`${REQUESTS}_count${USERS}`, window)}`;

/** Share of reads that the cache answered. */
export const hitRatio = (window = GRAFANA_WINDOW): string => {
  const [hits, misses] = ['hits', 'misses'].map((what) => rate(`breakwater_cache_${what}_total`, window));
  return `${hits} / (${hits} + ${misses})`;
};

/** Every API process reports the lag of the whole queue. */
export const LAG = 'max(breakwater_queue_lag_records)';
/**
 * At this lag the API answers 503. Shown once the lag is a tenth of it: before, its scale would
 * flatten the lag.
 */
export const LAG_LIMIT = `max(breakwater_queue_limit_records) < 10 * ${LAG}`;
/** The size of the lag. */
export const LAG_BYTES = 'max(breakwater_queue_lag_bytes)';
/** The limit of the size, shown as that of the lag is. */
export const LAG_BYTES_LIMIT = `max(breakwater_queue_limit_bytes) < 10 * ${LAG_BYTES}`;
/**
 * Records accepted per second, from the API and the producer; no value rather than 0 where neither
 * reports.
 */
export const accepted = `sum(rate(breakwater_records_accepted_total[${GRAFANA_WINDOW}]) or rate(breakwater_producer_messages_total{outcome="accepted"}[${GRAFANA_WINDOW}]))`;

/**
 * The pods of a component: `name-0` of a StatefulSet, `name-5d8f-x7k2p` of a Deployment, but not
 * `name-exporter-…`.
 */
const podsOf = (component: string): string => `{pod=~"${component}-([0-9]+|[0-9a-z]+-[0-9a-z]{5})"}`;

/**
 * Cores that each pod of a component uses, as the kubelets report them: each looks at its
 * containers only every 10 to 15 s, so four scrapes may see one value.
 */
export const cpuOf = (component: string): string =>
  `sum by (pod) (rate(container_cpu_usage_seconds_total${podsOf(component)}[2m]))`;

/** Working set of each pod of a component. */
export const memoryOf = (component: string): string =>
  `sum by (pod) (container_memory_working_set_bytes${podsOf(component)})`;
