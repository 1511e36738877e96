// Metrics of other projects that our rules and dashboards read. Tests check that each is read, and,
// where its exporter can be installed, that it exists.

/** Metrics by the process that exposes them. */
export const externalMetrics = {
  /** Prometheus itself: whether a target answered, and the state of the alerts. */
  prometheus: ['up', 'ALERTS'],
  /** The kubelets' /metrics and /metrics/cadvisor. Prometheus drops all others when it scrapes. */
  kubelet: [
    'kubelet_volume_stats_available_bytes',
    'kubelet_volume_stats_capacity_bytes',
    'container_cpu_usage_seconds_total',
    'container_memory_working_set_bytes',
    'container_fs_usage_bytes',
    'container_fs_limit_bytes',
  ],
  /** oliver006/redis_exporter */
  redis: [
    'redis_up',
    'redis_memory_used_bytes',
    'redis_memory_max_bytes',
    'redis_db_keys',
    'redis_db_keys_expiring',
    'redis_evicted_keys_total',
    'redis_expired_keys_total',
    'redis_commands_processed_total',
    'redis_connected_clients',
    'redis_aof_current_size_bytes',
  ],
  /** percona/mongodb_exporter with --collector.diagnosticdata */
  mongo: [
    'mongodb_ss_opcounters',
    'mongodb_ss_wt_cache_bytes_currently_in_the_cache',
    'mongodb_ss_wt_cache_tracked_dirty_bytes_in_the_cache',
    'mongodb_ss_wt_cache_maximum_bytes_configured',
  ],
} as const satisfies Record<string, readonly string[]>;
