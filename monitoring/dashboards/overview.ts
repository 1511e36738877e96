// The overview: the path of a record on one screen, from left to right as the data flows.
import { dashboard } from './dashboard.ts';
import { graph, number, RECORDS_PER_SECOND } from './panels.ts';
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
} from './queries.ts';

/** What the overview compares with. */
export interface OverviewLimits {
  /** p95 that users are promised, seconds. */
  readonly latencySeconds: number;
  /** Share of requests that may fail. */
  readonly errorBudget: number;
}

// Together 23 rows: what a window of 1000 pixels shows below Grafana's own bars.
const SMALL = { width: 3, height: 3 };
const LARGE = { width: 8, height: 7 };
const WIDE = { width: 12, height: 6 };

/** The numbers of each hop. */
const hops = ({ latencySeconds, errorBudget }: OverviewLimits) => [
  number({
    ...SMALL,
    title: 'Requests',
    description: 'Requests of users a second.',
    expr: rate(`${REQUESTS}_count${USERS}`),
    unit: 'reqps',
  }),
  number({
    ...SMALL,
    title: 'p95 latency',
    description: 'One request in twenty takes longer than this.',
    expr: quantile(0.95, REQUESTS, USERS),
    unit: 's',
    warnAt: latencySeconds / 2,
    alarmAt: latencySeconds,
  }),
  number({
    ...SMALL,
    title: 'Failed',
    description: 'Requests that got an error of ours, those that were shed included.',
    expr: failedRatio,
    unit: 'percentunit',
    decimals: 2,
    warnAt: errorBudget / 2,
    alarmAt: errorBudget,
  }),
  number({
    ...SMALL,
    title: 'Accepted',
    description: 'Records a second that the queue confirmed.',
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
    description: 'Records a second that MongoDB confirmed.',
    expr: rate('breakwater_records_stored_total'),
    unit: RECORDS_PER_SECOND,
  }),
  number({
    ...SMALL,
    title: 'MongoDB',
    description: 'Operations in the last second. The gate lets no more through than its limit.',
    expr: 'max(breakwater_gate_operations_per_second)',
    unit: 'ops',
    decimals: 0,
  }),
  number({
    ...SMALL,
    title: 'Cache hits',
    description: 'Reads that were answered from Redis. The rest cost MongoDB operations.',
    expr: hitRatio,
    unit: 'percentunit',
    decimals: 1,
    warnAt: 0.9,
    alarmAt: 0.7,
  }),
];

/** The same over time. */
const courses = ({ latencySeconds }: OverviewLimits) => [
  graph({
    ...LARGE,
    title: 'Requests over time',
    description: 'What users ask, and what of it fails.',
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
      'From the arrival of a request to the end of its answer. The dashed line is what users are promised for p95.',
    queries: { ...quantiles(REQUESTS, USERS), limit: `vector(${latencySeconds})` },
    unit: 's',
    limits: ['limit'],
  }),
  graph({
    ...LARGE,
    title: 'Accepted and stored',
    description: 'While more is accepted than stored the lag grows; afterwards it shrinks.',
    queries: { accepted, stored: rate('breakwater_records_stored_total') },
    unit: RECORDS_PER_SECOND,
  }),
  graph({
    ...LARGE,
    title: 'Lag over time',
    description:
      'Records accepted and not yet stored. At the dashed line, which appears when the lag is a tenth of it, the API answers 503.',
    queries: { lag: LAG, limit: LAG_LIMIT },
    unit: 'short',
    limits: ['limit'],
  }),
  graph({
    ...LARGE,
    title: 'MongoDB operations',
    description: 'Operations a second by kind, which add up, and the limit that the gate holds.',
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
    description: 'How many of each component answer.',
    queries: { '{{job}}': 'sum by (job) (up)' },
    unit: 'short',
    decimals: 0,
    stacked: true,
  }),
];

/** What is wrong, if anything. */
const troubles = [
  graph({
    ...WIDE,
    title: 'Alerts that fire',
    description: 'Each leads to its section of docs/operations.md; see Alerting.',
    queries: { '{{alertname}}': 'sum by (alertname) (ALERTS{alertstate="firing"})' },
    unit: 'short',
    decimals: 0,
    nothing: 'none',
    stacked: true,
  }),
  graph({
    ...WIDE,
    title: 'From accepted to stored',
    description: 'How long a record waits until it is stored.',
    queries: quantiles('breakwater_store_delay_seconds'),
    unit: 's',
  }),
];

export const overview = (limits: OverviewLimits) =>
  dashboard({
    uid: 'breakwater-overview',
    title: 'Breakwater',
    description: 'The path of a record: request, queue, consumer, gate, MongoDB.',
    rows: { '': [...hops(limits), ...courses(limits), ...troubles] },
  });
