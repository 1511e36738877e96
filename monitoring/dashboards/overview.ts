// The overview: the path of a record on one screen, from left to right as the data flows.
import {
  accepted,
  FAILED,
  failedRatio,
  hitRatio,
  LAG,
  LAG_LIMIT,
  quantile,
  quantiles,
  REQUESTS,
  rate,
  rateBy,
  USERS,
} from '../promql.ts';
import type { Thresholds } from '../thresholds.ts';
import { dashboard, graph, number, RECORDS_PER_SECOND } from './panels.ts';

// Together 23 rows: what a window of 1000 pixels shows below Grafana's own bars.
const SMALL = { width: 3, height: 3 };
const LARGE = { width: 8, height: 7 };
const WIDE = { width: 12, height: 6 };

/** The current numbers of each hop. */
const numbers = ({ latencyP95, errorBudget, cacheHits, cacheHitsLow, yellow }: Thresholds) => [
  number({
    ...SMALL,
    title: 'Requests',
    description: 'User requests per second.',
    expr: rate(`${REQUESTS}_count${USERS}`),
    unit: 'reqps',
  }),
  number({
    ...SMALL,
    title: 'p95 latency',
    description: 'One request in twenty takes longer than this.',
    expr: quantile(0.95, REQUESTS, USERS),
    unit: 's',
    warnAt: latencyP95.value * yellow.value,
    alarmAt: latencyP95.value,
  }),
  number({
    ...SMALL,
    title: 'Failed',
    description: 'Share of user requests answered with a server error, including those that were shed.',
    expr: failedRatio(),
    unit: 'percentunit',
    decimals: 2,
    warnAt: errorBudget.value * yellow.value,
    alarmAt: errorBudget.value,
  }),
  number({
    ...SMALL,
    title: 'Accepted',
    description: 'Records per second that the queue confirmed.',
    expr: accepted,
    unit: RECORDS_PER_SECOND,
  }),
  number({
    ...SMALL,
    title: 'Lag',
    description: 'Records accepted and not yet stored.',
    expr: LAG,
    unit: 'short',
  }),
  number({
    ...SMALL,
    title: 'Stored',
    description: 'Records per second that the store confirmed.',
    expr: rate('breakwater_records_stored_total'),
    unit: RECORDS_PER_SECOND,
  }),
  number({
    ...SMALL,
    title: 'MongoDB',
    description: 'Operations in the last second. The gate keeps them within its limit.',
    expr: 'max(breakwater_gate_operations_per_second)',
    unit: 'ops',
    decimals: 0,
  }),
  number({
    ...SMALL,
    title: 'Cache hits',
    description: 'Share of reads that Redis answered. The others go to the store.',
    expr: hitRatio(),
    unit: 'percentunit',
    decimals: 1,
    warnAt: cacheHits.value,
    alarmAt: cacheHitsLow.value,
  }),
];

/** The same over time. */
const graphs = ({ latencyP95 }: Thresholds) => [
  graph({
    ...LARGE,
    title: 'Requests over time',
    description: 'User requests, and how many of them fail.',
    queries: {
      all: rate(`${REQUESTS}_count${USERS}`),
      failed: rate(`${REQUESTS}_count${FAILED}`),
      shed: rate('breakwater_requests_shed_total'),
    },
    unit: 'reqps',
    colors: { failed: 'red', shed: 'orange' },
  }),
  graph({
    ...LARGE,
    title: 'Latency',
    description:
      'From the arrival of a request to the end of its answer. The dashed line is the p95 that users are promised.',
    queries: { ...quantiles(REQUESTS, USERS), limit: `vector(${latencyP95.value})` },
    unit: 's',
    limits: ['limit'],
  }),
  graph({
    ...LARGE,
    title: 'Accepted and stored',
    description: 'While more is accepted than stored, the lag grows. Afterwards it shrinks.',
    queries: { accepted, stored: rate('breakwater_records_stored_total') },
    unit: RECORDS_PER_SECOND,
  }),
  graph({
    ...LARGE,
    title: 'Lag over time',
    description:
      'Records accepted and not yet stored. At the dashed line the API answers 503; it appears when the lag reaches a tenth of it.',
    queries: { lag: LAG, limit: LAG_LIMIT },
    unit: 'short',
    limits: ['limit'],
  }),
  graph({
    ...LARGE,
    title: 'MongoDB operations',
    description: 'Operations per second by kind, stacked, and the limit that the gate enforces.',
    queries: {
      '{{kind}}': rateBy('kind', 'breakwater_gate_operations_total'),
      limit: 'max(breakwater_gate_limit_operations_per_second)',
    },
    unit: 'ops',
    stacked: true,
    limits: ['limit'],
  }),
  graph({
    ...LARGE,
    title: 'Processes',
    description: 'Processes of each component that answer.',
    queries: { '{{job}}': 'sum by (job) (up)' },
    unit: 'short',
    decimals: 0,
    stacked: true,
  }),
];

/** What is wrong, if anything. */
const problems = [
  graph({
    ...WIDE,
    title: 'Firing alerts',
    description: 'Alerting shows them with links to their sections of docs/operations.md.',
    queries: { '{{alertname}}': 'sum by (alertname) (ALERTS{alertstate="firing"})' },
    unit: 'short',
    decimals: 0,
    nothing: 'none',
    stacked: true,
  }),
  graph({
    ...WIDE,
    title: 'From accepted to stored',
    description: 'How long records wait until they are stored.',
    queries: quantiles('breakwater_store_delay_seconds'),
    unit: 's',
  }),
];

export const overview = (thresholds: Thresholds) =>
  dashboard({
    uid: 'breakwater-overview',
    title: 'Breakwater',
    description: 'The path of a record: request, queue, consumer, gate, MongoDB.',
    rows: { '': [...numbers(thresholds), ...graphs(thresholds), ...problems] },
  });
