// What everything stands on: processes that answer, and disks with free space.
import type { Thresholds } from '../thresholds.ts';
import { below, type Limit, NO, type Problem, type ProblemGroup, promqlOf } from './problem.ts';

const NO_PROCESS: Limit = { comparison: '==', value: 0, unit: 'processes' };

/**
 * A component that must always be there. A target that is gone has no `up` to compare, so the alert
 * has no limit.
 */
const missing = (place: 'api' | 'gate', t: Thresholds): Pick<Problem, 'alert' | 'live'> => ({
  alert: {
    signal: `absent(up{job="${place}"} == 1)`,
    ...(place === 'gate' && { needs: 'gate' }),
    for: '1m',
    finding: `No process of the ${place} is up.`,
  },
  live: { place, limit: NO_PROCESS, forSeconds: t.persistsFor.value },
});

export const targetProblems = (t: Thresholds): ProblemGroup => ({
  name: 'targets',
  recordings: [],
  problems: [
    {
      id: 'TargetDown',
      severity: 'warning',
      meaning: 'Capacity is missing: other processes of its kind, if there are any, carry its load.',
      limit: NO,
      alert: { signal: 'up', for: '2m', finding: '{{ $labels.job }} at {{ $labels.instance }} cannot be scraped.' },
      // The console counts a process as unreachable after this time, in the problems below too.
      live: { forSeconds: t.unreachableFor.value },
    },
    { id: 'ApiMissing', severity: 'critical', meaning: 'Users get no answers.', ...missing('api', t) },
    {
      id: 'GateMissing',
      severity: 'critical',
      meaning: 'The path to MongoDB is gone: nothing is stored, and only cached records can be read.',
      ...missing('gate', t),
    },
    // A stack may do without consumers or a producer, but those it has must answer.
    {
      id: 'ConsumerUnreachable',
      severity: 'critical',
      meaning: 'Accepted records wait in the queue.',
      live: { place: 'consumer', limit: NO_PROCESS },
    },
    {
      id: 'ProducerUnreachable',
      severity: 'critical',
      meaning: 'No messages are produced.',
      live: { place: 'producer', limit: NO_PROCESS },
    },
    {
      id: 'LookupFailing',
      severity: 'warning',
      meaning: 'Numbers may be missing from this page.',
      live: {},
    },
  ],
});

/**
 * Little is free; or less than half is free, and none will be within a day at the pace of the last
 * six hours.
 */
const filling = (free: string, size: string, t: Thresholds) => ({
  limit: below(t.diskFree),
  alert: {
    signal: `${free} / ${size}`,
    also: `or (predict_linear(${free}[6h], ${t.diskHorizon.value}) < 0 and ${free} / ${size} ${promqlOf(below(t.diskFreeSoon))})`,
    for: '10m',
  },
});

/** By node and disk, without file systems in memory. */
const disks = (metric: string): string =>
  `max by (node, device) (${metric}{id="/",device=~"/dev/.+",device!="/dev/shm"})`;

/** The kubelets report these, so only a cluster has them. */
export const diskProblems = (t: Thresholds): ProblemGroup => ({
  name: 'disks',
  needs: 'cluster',
  recordings: [
    // The disks of a node; volumes of the storage class `local-path` are on one of them.
    { record: 'breakwater:node_disk_size_bytes', expr: disks('container_fs_limit_bytes') },
    {
      record: 'breakwater:node_disk_free_bytes',
      expr: `breakwater:node_disk_size_bytes - ${disks('container_fs_usage_bytes')}`,
    },
  ],
  problems: [
    {
      id: 'VolumeFilling',
      severity: 'warning',
      meaning: 'A server whose volume is full stops accepting writes.',
      finding: 'The volume {{ $labels.persistentvolumeclaim }} is filling up.',
      ...filling('kubelet_volume_stats_available_bytes', 'kubelet_volume_stats_capacity_bytes', t),
    },
    {
      id: 'NodeDiskFilling',
      severity: 'warning',
      meaning: 'A node whose disk is full evicts pods, and the servers on it stop accepting writes.',
      finding: 'The disk {{ $labels.device }} of {{ $labels.node }} is filling up.',
      ...filling('breakwater:node_disk_free_bytes', 'breakwater:node_disk_size_bytes', t),
    },
  ],
});
