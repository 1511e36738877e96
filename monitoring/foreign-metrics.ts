// Metrics of others that our rules and dashboards read: who has them, and that they exist is tested where they can be had.

/** Metrics by who tells them. */
export const foreignMetrics = {
  /** Prometheus itself: whether each target answered, and the state of the alerts. */
  prometheus: ['up', 'ALERTS'],
  /** The kubelets' /metrics and /metrics/cadvisor; everything else of them is dropped when it is scraped. */
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
