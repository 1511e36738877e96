// The API: what it answers, how fast, where the time goes, and how its processes feel.
import { dashboard } from './dashboard.ts';
import { graph, logs } from './panels.ts';
import { cpuOf, hitRatio, memoryOf, quantile, quantiles, REQUESTS, rateBy, USERS } from './queries.ts';

const THIRD = { width: 8, height: 8 };
const HALF = { width: 12, height: 8 };

const answers = [
  graph({
    ...THIRD,
    title: 'Answers by status',
    description: '499: the client left before.',
    queries: { '{{status}}': rateBy('status', `${REQUESTS}_count`) },
    unit: 'reqps',
    stacked: true,
    colors: { 200: 'green', 500: 'red', 503: 'orange' },
  }),
  graph({
    ...THIRD,
    title: 'Answers by route',
    description: 'Who asks for what.',
    queries: { '{{route}}': rateBy('route', `${REQUESTS}_count`) },
    unit: 'reqps',
    stacked: true,
  }),
  graph({
    ...THIRD,
    title: 'Shed, by reason',
    description: 'Requests answered 503 to protect the rest, and what for.',
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
    description: 'From arrival to the end of the answer.',
    queries: quantiles(REQUESTS, USERS),
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Where the time goes (p95)',
    description:
      'Each hop on its own. What the whole request takes beyond them it waited for its turn, or for the CPU.',
    queries: {
      request: quantile(0.95, REQUESTS, USERS),
      queue: quantile(0.95, 'breakwater_queue_accept_duration_seconds'),
      cache: quantile(0.95, 'breakwater_cache_read_duration_seconds'),
      MongoDB: quantile(0.95, 'breakwater_store_read_duration_seconds'),
    },
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Cache hits',
    description: 'Reads answered from Redis. A miss costs a share of a MongoDB operation.',
    queries: { 'hit ratio': hitRatio },
    unit: 'percentunit',
  }),
];

const processes = [
  graph({
    ...THIRD,
    title: 'Event-loop delay',
    description: 'How late each process is. Above api:maxEventLoopDelayMs it sheds.',
    queries: { '{{instance}}': 'max by (instance) (breakwater_event_loop_delay_seconds)' },
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Requests that wait for their turn',
    description: 'A process works on 256 at once; who waits longer than api:maxWaitMs is shed.',
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
    description: 'Working set of each pod; at api:memoryMiB it is killed.',
    queries: { '{{pod}}': memoryOf('api') },
    unit: 'bytes',
  }),
];

export const api = dashboard({
  uid: 'breakwater-api',
  title: 'Breakwater / API',
  description: 'What users get, and the processes that give it.',
  rows: {
    Answers: answers,
    Time: time,
    Processes: processes,
    Logs: [
      logs({
        width: 24,
        height: 8,
        title: 'Warnings and errors',
        description: 'Of the API. To follow one request set logging:level debug and look for its id.',
        expr: '{app="api"} | json | level=~"warn|error|fatal"',
      }),
    ],
  },
});
