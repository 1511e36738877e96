// What everything stands on: targets that answer, and disks with room.
import type { Alert, RuleGroup } from './rule.ts';

/** Targets that must always be there, by job. */
const missing = (job: string): Alert => ({
  alert: job === 'api' ? 'ApiMissing' : 'GateMissing',
  severity: 'critical',
  expr: `absent(up{job="${job}"} == 1)`,
  for: '1m',
  meaning:
    job === 'api'
      ? 'No API process answers: users get nothing.'
      : 'The way to MongoDB is gone: nothing is stored, and only what is cached can be read.',
  seen: `No target of the job ${job} is up.`,
});

/** @param gate whether there is one: an external MongoDB has none before it */
export const targetRules = (gate: boolean): RuleGroup => ({
  name: 'targets',
  rules: [
    {
      alert: 'TargetDown',
      severity: 'warning',
      expr: 'up == 0',
      for: '2m',
      meaning: 'A part of the stack does not answer; others of its kind may still serve users.',
      seen: '{{ $labels.job }} at {{ $labels.instance }} cannot be scraped.',
    },
    missing('api'),
    ...(gate ? [missing('gate')] : []),
  ],
});

/** Fuller than 85 %, or full within a day at the pace of the last six hours and already half full. */
const filling = (free: string, size: string): string =>
  `${free} / ${size} < 0.15 or (predict_linear(${free}[6h], 86400) < 0 and ${free} / ${size} < 0.5)`;

/** By node and disk; what lies in memory is none. */
const disks = (metric: string): string =>
  `max by (node, device) (${metric}{id="/",device=~"/dev/.+",device!="/dev/shm"})`;

/** Needs a cluster: its kubelets tell these. */
export const diskRules: RuleGroup = {
  name: 'disks',
  rules: [
    // The disks of a node; volumes of the storage class `local-path` lie on one of them.
    { record: 'breakwater:node_disk_size_bytes', expr: disks('container_fs_limit_bytes') },
    {
      record: 'breakwater:node_disk_free_bytes',
      expr: `breakwater:node_disk_size_bytes - ${disks('container_fs_usage_bytes')}`,
    },
    {
      alert: 'VolumeFilling',
      severity: 'warning',
      expr: filling('kubelet_volume_stats_available_bytes', 'kubelet_volume_stats_capacity_bytes'),
      for: '10m',
      meaning: 'A server without room on its volume stops taking writes.',
      seen: 'The volume {{ $labels.persistentvolumeclaim }} is filling up.',
    },
    {
      alert: 'NodeDiskFilling',
      severity: 'warning',
      expr: filling('breakwater:node_disk_free_bytes', 'breakwater:node_disk_size_bytes'),
      for: '10m',
      meaning: 'A node without room evicts pods, and the servers on it stop taking writes.',
      seen: 'The disk {{ $labels.device }} of {{ $labels.node }} is filling up.',
    },
  ],
};
