// The API: what it answers, how fast, where the time goes, and how busy its processes are.
import { cpuOf, hitRatio, memoryOf, quantile, quantiles, REQUESTS, rateBy, USERS } from '../promql.ts';
import { dashboard, graph, logs } from './panels.ts';

const THIRD = { width: 8, height: 8 };
const HALF = { width: 12, height: 8 };

const answers = [
  graph({
    ...THIRD,
    title: 'Answers by status',
    description: '499: the client closed the connection before the answer.',
    queries: { '{{status}}': rateBy('status', `${REQUESTS}_count`) },
    unit: 'reqps',
    stacked: true,
    colors: { 200: 'green', 500: 'red', 503: 'orange' },
  }),
  graph({
    ...THIRD,
    title: 'Answers by route',
    description: 'Answers per second of each route.',
    queries: { '{{route}}': rateBy('route', `${REQUESTS}_count`) },
    unit: 'reqps',
    stacked: true,
  }),
  graph({
    ...THIRD,
    title: 'Shed requests by reason',
    description: 'Requests answered 503 to protect the others, and why.',
    queries: { '{{reason}}': rateBy('reason', 'breakwater_requests_shed_total') },
    unit: 'reqps',
    nothing: 'none',
    stacked: true,
  }),
];

const time = [
  graph({
    ...THIRD,
    title: 'Latency',
    description: 'From the arrival of a request to the end of its answer.',
    queries: quantiles(REQUESTS, USERS),
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Where the time goes (p95)',
    description: 'Each hop on its own. The rest of the request is waiting: for its turn, or for the CPU.',
    queries: {
      request: quantile(0.95, REQUESTS, USERS),
      queue: quantile(0.95, 'breakwater_queue_accept_duration_seconds'),
      cache: quantile(0.95, 'breakwater_cache_read_duration_seconds'),
      store: quantile(0.95, 'breakwater_store_read_duration_seconds'),
    },
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Cache hits',
    description: 'Share of reads that Redis answered. A miss costs part of an operation of the store.',
    queries: { 'hit ratio': hitRatio() },
    unit: 'percentunit',
  }),
];

const processes = [
  graph({
    ...THIRD,
    title: 'Event-loop delay',
    description: 'How late the event loop of each process runs. Above api:maxEventLoopDelayMs it sheds requests.',
    queries: { '{{instance}}': 'max by (instance) (breakwater_event_loop_delay_seconds)' },
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Waiting requests',
    description: 'A process works on 256 requests at once. Those that wait longer than api:maxWaitMs are shed.',
    queries: { '{{instance}}': 'sum by (instance) (breakwater_http_requests_waiting)' },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Connections',
    description: 'Open client connections of each process.',
    queries: { '{{instance}}': 'sum by (instance) (breakwater_http_connections)' },
    unit: 'short',
  }),
  graph({
    ...HALF,
    title: 'CPU',
    description: 'Cores that each pod uses.',
    queries: { '{{pod}}': cpuOf('api') },
    unit: 'short',
  }),
  graph({
    ...HALF,
    title: 'Memory',
    description: 'Working set of each pod. At api:memoryMiB the pod is killed.',
    queries: { '{{pod}}': memoryOf('api') },
    unit: 'bytes',
  }),
];

export const api = dashboard({
  uid: 'breakwater-api',
  title: 'Breakwater / API',
  description: 'What users get, and the processes that serve them.',
  rows: {
    Answers: answers,
    Time: time,
    Processes: processes,
    Logs: [
      logs({
        width: 24,
        height: 8,
        title: 'Warnings and errors',
        description: 'Of the API. To follow one request, set logging:level to debug and search for its id.',
        expr: '{app="api"} | json | level=~"warn|error|fatal"',
      }),
    ],
  },
});
