// The path from accepted to stored: the queue, the consumers, dead letters.
import { rate } from '../promql.ts';
import type { Thresholds } from '../thresholds.ts';
import { above, any, atLeast, NO, type ProblemGroup } from './problem.ts';

const LAG = 'breakwater:queue_lag_records';
const FULLNESS = 'breakwater:queue_fullness';
const LOST = 'breakwater:records_lost:increase1h';
const ACKNOWLEDGED = 'breakwater:records_settled:rate5m';

/**
 * Records that the consumers are done with, whatever became of them. No value where there is no
 * consumer.
 */
const acknowledged = (window: string): string =>
  ['stored', 'duplicate', 'dead_lettered'].map((what) => rate(`breakwater_records_${what}_total`, window)).join(' + ');

/** Share of a limit that is used, for each queue, with the limit's unit as a label. */
const usedOf = (unit: 'records' | 'bytes'): string => {
  const of = (what: string) => `max by (queue) (breakwater_queue_${what}_${unit})`;
  return `label_replace(${of('lag')} / ${of('limit')}, "unit", "${unit}", "", "")`;
};

/**
 * Increase of a counter over all processes. Of a process that is younger than the window everything
 * counts: `increase` alone misses what happens before its first scrape, and a new consumer may find
 * at once that records are gone.
 */
const increaseOf = (counter: string, window: string): string =>
  `sum((increase(${counter}[${window}]) and ${counter} offset ${window}) or ` +
  `(max_over_time(${counter}[${window}]) unless ${counter} offset ${window}))`;

export const queueProblems = (t: Thresholds): ProblemGroup => ({
  name: 'queue',
  recordings: [
    { record: LAG, expr: 'max by (queue) (breakwater_queue_lag_records)' },
    { record: ACKNOWLEDGED, expr: acknowledged('5m') },
    {
      record: 'breakwater:queue_drain_seconds',
      // While nothing is stored the quotient is infinite, as is the time.
      expr: `${LAG} / on () group_left () ${ACKNOWLEDGED}`,
    },
    { record: FULLNESS, expr: `max by (queue) (${usedOf('records')} or ${usedOf('bytes')})` },
    { record: LOST, expr: increaseOf('breakwater_records_lost_total', '1h') },
  ],
  problems: [
    {
      id: 'LagGrowing',
      severity: 'warning',
      meaning: 'More is accepted than stored: what users write is stored later and later, and refused in the end.',
      limit: above(t.drainTime),
      alert: {
        signal: 'breakwater:queue_drain_seconds',
        also: `and deriv(${LAG}[10m]) > 0`,
        for: '10m',
        finding:
          'The lag of {{ $labels.queue }} has been growing for ten minutes; draining it would take {{ $value | humanizeDuration }}.',
      },
      live: { place: 'queue', limit: atLeast(t.lagGrowth), forSeconds: t.lagWindow.value },
    },
    {
      id: 'StoredLate',
      severity: 'warning',
      meaning: 'The store or the consumers are slow. Accepted records are safe in the queue.',
      finding: 'One record in twenty is stored more than {value} after it was accepted.',
      limit: above(t.storeDelayP95),
      live: { place: 'consumer', forSeconds: t.storedLateFor.value },
    },
    {
      id: 'QueueNearlyFull',
      severity: 'critical',
      meaning: 'Once the queue is full, every write is answered 503.',
      finding: 'The queue is {value} full.',
      limit: above(t.queueNearlyFull),
      alert: { signal: FULLNESS, for: '2m' },
      live: { place: 'queue' },
    },
    {
      id: 'RecordsLost',
      severity: 'critical',
      meaning: 'Accepted records were gone from the queue before they were stored.',
      finding: 'Records lost since the consumers started: {value}.',
      limit: any('records'),
      alert: { signal: LOST, for: '0s', finding: 'Records lost within an hour: {{ $value | humanize }}.' },
      live: { place: 'queue' },
    },
    {
      id: 'RetentionNear',
      severity: 'critical',
      meaning: 'Records that are accepted and not stored in time are deleted by SQS, and lost.',
      finding: 'The oldest record has waited for {value} of the time that SQS keeps it.',
      limit: above(t.retentionUsed),
      alert: {
        signal: 'max by (queue) (breakwater_queue_oldest_age_seconds / breakwater_queue_retention_seconds)',
        for: '5m',
      },
    },
    {
      id: 'QueueFull',
      severity: 'critical',
      meaning: 'Writes are answered 503 until the consumers catch up.',
      limit: atLeast({ value: 1, unit: 'ratio' }),
      live: { place: 'queue' },
    },
    {
      id: 'QueueUnreachable',
      severity: 'critical',
      meaning: 'Writes are answered 503. Records that were accepted are safe.',
      limit: NO,
      live: { place: 'queue', forSeconds: t.persistsFor.value },
    },
    {
      id: 'ConsumerStalled',
      severity: 'critical',
      meaning: 'Accepted records are safe in the queue, but it fills up.',
      finding: 'Records are waiting ({value}) and none is being stored.',
      limit: any('records'),
      alert: { signal: LAG, also: `unless on () ${ACKNOWLEDGED} > 0`, for: '5m' },
      live: { place: 'consumer', forSeconds: t.stalledFor.value },
    },
    {
      id: 'DeadLetters',
      severity: 'warning',
      meaning: 'The store refused records that were accepted. They wait for a decision.',
      finding: 'Dead letters: {value}.',
      limit: any('records'),
      alert: { signal: 'max by (queue) (breakwater_queue_dead_letters)', for: '1m' },
      live: { place: 'dead-letters' },
    },
  ],
});
