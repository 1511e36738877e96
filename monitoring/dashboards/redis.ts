// Redis: the cache, the write limiter and, with queue:kind redis-streams, the queue.
import { cpuOf, hitRatio, LAG, quantile, rate } from '../promql.ts';
import { dashboard, graph } from './panels.ts';

const THIRD = { width: 8, height: 8 };

const panels = [
  graph({
    ...THIRD,
    title: 'Memory',
    description: 'May stay near its limit, as long as the cache is what fills it.',
    queries: { used: 'max(redis_memory_used_bytes)', limit: 'max(redis_memory_max_bytes)' },
    unit: 'bytes',
    limits: ['limit'],
  }),
  graph({
    ...THIRD,
    title: 'Keys',
    description: 'Only keys with an expiry can be evicted. The others are records that wait to be stored.',
    queries: { all: 'sum(redis_db_keys)', 'with an expiry': 'sum(redis_db_keys_expiring)', lag: LAG },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Evicted and expired',
    description: 'Keys per second that leave the cache.',
    queries: { evicted: rate('redis_evicted_keys_total'), expired: rate('redis_expired_keys_total') },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Commands',
    description: 'Commands per second.',
    queries: { commands: rate('redis_commands_processed_total') },
    unit: 'ops',
  }),
  graph({
    ...THIRD,
    title: 'Read latency',
    description: 'Of a read, as the API measures it.',
    queries: {
      p50: quantile(0.5, 'breakwater_cache_read_duration_seconds'),
      p99: quantile(0.99, 'breakwater_cache_read_duration_seconds'),
    },
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Cache hits',
    description: 'Share of reads that Redis answered.',
    queries: { 'hit ratio': hitRatio() },
    unit: 'percentunit',
  }),
  graph({
    ...THIRD,
    title: 'Clients',
    description: 'Open connections.',
    queries: { clients: 'sum(redis_connected_clients)' },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'CPU',
    description: 'Redis runs commands on one core: near 1 it is the bottleneck.',
    queries: { '{{pod}}': cpuOf('redis') },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Append-only file',
    description: 'Size of the file that makes accepted records durable.',
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
