// MongoDB and the gate before it: reachable, and with operations to spare.
import type { RuleGroup } from './rule.ts';

export const mongoRules: RuleGroup = {
  name: 'mongo',
  rules: [
    {
      record: 'breakwater:gate_load_ratio',
      expr: 'avg_over_time(breakwater_gate_operations_per_second[10m]) / (breakwater_gate_limit_operations_per_second > 0)',
    },
    {
      alert: 'MongoUnreachable',
      severity: 'critical',
      expr: 'min(breakwater_gate_upstream_up) == 0',
      for: '1m',
      meaning: 'Nothing is stored, and records that are not cached cannot be read; writes are still accepted.',
      seen: 'The gate cannot reach MongoDB.',
    },
    {
      alert: 'MongoAtLimit',
      severity: 'warning',
      expr: 'breakwater:gate_load_ratio > 0.95',
      for: '10m',
      meaning: 'MongoDB does all the operations it can: reads of what is not cached wait, and the lag may grow.',
      seen: 'The gate lets {{ $value | humanizePercentage }} of its limit through, on average over ten minutes.',
    },
  ],
};
