// What the API tells Prometheus.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type ApiMetrics = ReturnType<typeof createApiMetrics>;

export function createApiMetrics(registry: Registry) {
  const registers = [registry];
  const hop = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
  return {
    requestSeconds: new Histogram({
      name: 'breakwater_http_request_duration_seconds',
      help: 'Time from the arrival of a request to the end of its answer, waiting for its turn included; status 499: the client left before',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
      registers,
    }),
    queueSeconds: new Histogram({
      name: 'breakwater_queue_accept_duration_seconds',
      help: 'Time that the queue took to confirm the records of a request',
      buckets: hop,
      registers,
    }),
    cacheSeconds: new Histogram({
      name: 'breakwater_cache_read_duration_seconds',
      help: 'Time that Redis took for those reads of a request that the process did not know by itself',
      buckets: hop,
      registers,
    }),
    storeReadSeconds: new Histogram({
      name: 'breakwater_store_read_duration_seconds',
      help: 'Time that the store took for a query of records that the cache lacked',
      buckets: hop,
      registers,
    }),
    accepted: new Counter({
      name: 'breakwater_records_accepted_total',
      help: 'Records that the queue confirmed',
      registers,
    }),
    shed: new Counter({
      name: 'breakwater_requests_shed_total',
      help: 'Requests answered 503 to protect the rest',
      labelNames: ['reason'],
      registers,
    }),
    cacheHits: new Counter({
      name: 'breakwater_cache_hits_total',
      help: 'Records found in the cache, or kept by the process',
      registers,
    }),
    cacheMisses: new Counter({
      name: 'breakwater_cache_misses_total',
      help: 'Records not found in the cache',
      registers,
    }),
    cacheErrors: new Counter({
      name: 'breakwater_cache_errors_total',
      help: 'Calls to the cache that failed',
      registers,
    }),
    eventLoopDelay: new Gauge({
      name: 'breakwater_event_loop_delay_seconds',
      help: 'How late the event loop was, on average over the last sample; with several workers, the latest of them',
      aggregator: 'max',
      registers,
    }),
    connections: new Gauge({ name: 'breakwater_http_connections', help: 'Open client connections', registers }),
    waiting: new Gauge({
      name: 'breakwater_http_requests_waiting',
      help: 'Requests that have arrived and wait for their turn',
      registers,
    }),
  };
}
