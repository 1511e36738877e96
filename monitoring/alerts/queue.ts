// The way from accepted to stored: lag, consumers, dead letters.
import type { RuleGroup } from './rule.ts';

/** What the consumers finished, whatever became of it; nothing at all where there is no consumer. */
const settled = (window: string): string =>
  ['stored', 'duplicate', 'dead_lettered']
    .map((what) => `sum(rate(breakwater_records_${what}_total[${window}]))`)
    .join(' + ');

export const queueRules: RuleGroup = {
  name: 'queue',
  rules: [
    { record: 'breakwater:queue_lag_records', expr: 'max by (queue) (breakwater_queue_lag_records)' },
    { record: 'breakwater:records_settled:rate5m', expr: settled('5m') },
    {
      record: 'breakwater:queue_drain_seconds',
      // Where nothing is stored the time is without end, and so is the division by zero.
      expr: 'breakwater:queue_lag_records / on () group_left () breakwater:records_settled:rate5m',
    },
    {
      alert: 'LagGrowing',
      severity: 'warning',
      expr: 'breakwater:queue_drain_seconds > 600 and deriv(breakwater:queue_lag_records[10m]) > 0',
      for: '10m',
      meaning: 'More is accepted than stored: what users write is stored later and later, and in the end refused.',
      seen: 'The lag of {{ $labels.queue }} has grown for ten minutes and would take {{ $value | humanizeDuration }} to drain.',
    },
    {
      alert: 'QueueNearlyFull',
      severity: 'critical',
      expr: 'breakwater:queue_lag_records / max by (queue) (breakwater_queue_limit_records) > 0.8',
      for: '2m',
      meaning: 'The queue is nearly full; once it is, every write is answered 503.',
      seen: '{{ $labels.queue }} is {{ $value | humanizePercentage }} full.',
    },
    {
      alert: 'ConsumerStalled',
      severity: 'critical',
      expr: 'breakwater:queue_lag_records > 0 unless on () breakwater:records_settled:rate5m > 0',
      for: '5m',
      meaning: 'Nothing is being stored though records wait: writes are safe in the queue, but it fills.',
      seen: '{{ $value }} records wait in {{ $labels.queue }}, and none was stored for five minutes.',
    },
    {
      alert: 'DeadLetters',
      severity: 'warning',
      expr: 'max by (queue) (breakwater_queue_dead_letters) > 0',
      for: '1m',
      meaning: 'Records that users were told are accepted could not be stored and wait for a decision.',
      seen: '{{ $value }} dead letters wait in {{ $labels.queue }}.dlq.',
    },
  ],
};
