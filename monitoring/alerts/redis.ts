// Redis: memory that cannot be freed, and a cache that is too small.
import type { RuleGroup } from './rule.ts';

/** A full Redis is as it should be while what fills it may be evicted: a cache uses all the memory that it is given. */
const PINNED = '1 - redis_db_keys_expiring{db="db0"} / redis_db_keys{db="db0"}';

export const redisRules: RuleGroup = {
  name: 'redis',
  rules: [
    {
      record: 'breakwater:redis_memory_ratio',
      expr: 'redis_memory_used_bytes / (redis_memory_max_bytes > 0)',
    },
    {
      alert: 'RedisDown',
      severity: 'critical',
      expr: 'min(redis_up) == 0',
      for: '1m',
      meaning: 'No cache, and no limiter, so nothing is stored; where Redis is the queue every write is answered 503.',
      seen: 'The exporter cannot reach Redis.',
    },
    {
      alert: 'RedisMemoryHigh',
      severity: 'critical',
      expr: `breakwater:redis_memory_ratio > 0.9 and on (instance) (${PINNED}) > 0.5`,
      for: '2m',
      meaning: 'Redis is nearly full of records that wait to be stored; once it is, every write is answered 503.',
      seen: 'Redis uses {{ $value | humanizePercentage }} of its memory, and most of it cannot be evicted.',
    },
    {
      alert: 'RedisEvicting',
      severity: 'warning',
      expr: [
        'sum(rate(redis_evicted_keys_total[10m])) > 0',
        'and on () sum(rate(breakwater_cache_hits_total[10m]))',
        '/ (sum(rate(breakwater_cache_hits_total[10m])) + sum(rate(breakwater_cache_misses_total[10m]))) < 0.9',
      ].join(' '),
      for: '15m',
      meaning: 'The cache is too small for what is read: reads take MongoDB operations and answers get slower.',
      seen: 'Redis evicts {{ $value | humanize }} keys a second, and fewer than nine reads in ten are hits.',
    },
  ],
};
