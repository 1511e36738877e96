// Redis: cache, limiter, and with queue:kind redis-streams the queue itself.
import { dashboard } from './dashboard.ts';
import { graph } from './panels.ts';
import { cpuOf, hitRatio, LAG, quantile, rate } from './queries.ts';

const THIRD = { width: 8, height: 8 };

const panels = [
  graph({
    ...THIRD,
    title: 'Memory',
    description: 'Near the limit is as it should be while the cache is what fills it.',
    queries: { used: 'max(redis_memory_used_bytes)', limit: 'max(redis_memory_max_bytes)' },
    unit: 'bytes',
    limits: ['limit'],
  }),
  graph({
    ...THIRD,
    title: 'Keys',
    description: 'Only keys with an expiry may be evicted: the others wait to be stored.',
    queries: { all: 'sum(redis_db_keys)', 'with an expiry': 'sum(redis_db_keys_expiring)', lag: LAG },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Evicted and expired',
    description: 'Keys a second that left the cache.',
    queries: { evicted: rate('redis_evicted_keys_total'), expired: rate('redis_expired_keys_total') },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Commands',
    description: 'Commands a second.',
    queries: { commands: rate('redis_commands_processed_total') },
    unit: 'ops',
  }),
  graph({
    ...THIRD,
    title: 'Time of a read',
    description: 'As the API sees it.',
    queries: {
      p50: quantile(0.5, 'breakwater_cache_read_duration_seconds'),
      p99: quantile(0.99, 'breakwater_cache_read_duration_seconds'),
    },
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Cache hits',
    description: 'Reads that Redis answered.',
    queries: { 'hit ratio': hitRatio },
    unit: 'percentunit',
  }),
  graph({
    ...THIRD,
    title: 'Clients',
    description: 'Connections.',
    queries: { clients: 'sum(redis_connected_clients)' },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'CPU',
    description: 'Redis runs commands on one core: near 1 it is the limit.',
    queries: { '{{pod}}': cpuOf('redis') },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Append-only file',
    description: 'Bytes of the file that makes accepted records durable.',
    queries: { size: 'max(redis_aof_current_size_bytes)' },
    unit: 'bytes',
  }),
];

export const redis = dashboard({
  uid: 'breakwater-redis',
  title: 'Breakwater / Redis',
  description: 'Memory, keys and commands.',
  rows: { '': panels },
});
