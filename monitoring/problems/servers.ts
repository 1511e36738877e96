// The servers: MongoDB behind its gate, Redis, and Kafka as the agents beside its brokers report
// it.
import { hitRatio, rate } from '../promql.ts';
import type { Threshold, Thresholds } from '../thresholds.ts';
import { above, any, below, NO, type ProblemGroup, promqlOf } from './problem.ts';

export const mongoProblems = (t: Thresholds): ProblemGroup => ({
  name: 'mongo',
  needs: 'gate',
  recordings: [
    {
      record: 'breakwater:gate_load_ratio',
      expr: 'avg_over_time(breakwater_gate_operations_per_second[10m]) / (breakwater_gate_limit_operations_per_second > 0)',
    },
  ],
  problems: [
    {
      id: 'MongoUnreachable',
      severity: 'critical',
      meaning:
        'Nothing is stored, and records that are not cached cannot be read. Writes are still accepted, and are safe in the queue.',
      finding: 'The gate cannot reach MongoDB.',
      limit: NO,
      alert: { signal: 'min(breakwater_gate_upstream_up)', for: '1m' },
      live: { place: 'mongo' },
    },
    {
      // Consumers report it, so it applies to stores without a gate too.
      id: 'MongoRefusing',
      severity: 'critical',
      meaning: 'Nothing is stored. Accepted records are safe in the queue.',
      finding: 'The store refuses batches, and the consumers keep retrying them.',
      limit: NO,
      live: { place: 'mongo', forSeconds: t.persistsFor.value },
    },
    {
      id: 'MongoAtLimit',
      severity: 'warning',
      meaning: 'Reads of records that are not cached have to wait, and the lag may grow.',
      finding: 'MongoDB performs {value} of the operations that the gate allows.',
      limit: above(t.gateLoad),
      alert: { signal: 'breakwater:gate_load_ratio', for: '10m' },
      live: { place: 'gate' },
    },
  ],
});

/** Share of Redis' keys that may not be evicted. */
const PINNED_RATIO = '1 - redis_db_keys_expiring{db="db0"} / redis_db_keys{db="db0"}';

export const redisProblems = (t: Thresholds): ProblemGroup => ({
  name: 'redis',
  recordings: [
    {
      record: 'breakwater:redis_memory_ratio',
      expr: 'redis_memory_used_bytes / (redis_memory_max_bytes > 0)',
    },
  ],
  problems: [
    {
      id: 'RedisDown',
      severity: 'critical',
      meaning:
        'There is no cache and no write limiter, so nothing is stored. Where Redis is the queue, every write is answered 503.',
      finding: 'The exporter cannot reach Redis.',
      limit: NO,
      alert: { signal: 'min(redis_up)', for: '1m' },
    },
    {
      id: 'RedisMemoryHigh',
      severity: 'critical',
      meaning: 'Redis is nearly full of records that wait to be stored. Once it is full, every write is answered 503.',
      finding: 'Redis uses {value} of its memory, and most of its keys cannot be evicted.',
      limit: above(t.redisMemory),
      alert: {
        signal: 'breakwater:redis_memory_ratio',
        also: `and on (instance) (${PINNED_RATIO}) ${promqlOf(above(t.redisPinned))}`,
        for: '2m',
      },
    },
    {
      id: 'RedisEvicting',
      severity: 'warning',
      meaning: 'The cache is too small for what is read: reads go to the store, and answers get slower.',
      finding: `Redis evicts {value} keys per second, and fewer than ${t.cacheHits.value * 100} % of reads are cache hits.`,
      limit: any('perSecond'),
      alert: {
        signal: rate('redis_evicted_keys_total', '10m'),
        also: `and on () ${hitRatio('10m')} ${promqlOf(below(t.cacheHits))}`,
        for: '15m',
      },
    },
    {
      id: 'CacheFailing',
      severity: 'warning',
      meaning: 'Reads go to the store instead.',
      finding: 'The cache fails {value} times per second.',
      limit: any('perSecond'),
      live: { place: 'cache' },
    },
  ],
});

/** The most that any broker knows of; 0 where none reports. */
const most = (metric: string): string => `(max(${metric}) or vector(0))`;

export const kafkaProblems = ({ brokers, voters }: { brokers: Threshold; voters: Threshold }): ProblemGroup => ({
  name: 'kafka',
  needs: 'cluster',
  recordings: [],
  problems: [
    {
      id: 'KafkaPartitionsOffline',
      severity: 'critical',
      meaning:
        'Records in these partitions are not stored until the partitions are back. Writes go to the other partitions, if any.',
      finding: 'Partitions without a leader: {value}.',
      limit: any('partitions'),
      alert: { signal: 'max(breakwater_kafka_partitions_offline)', for: '1m' },
    },
    {
      id: 'KafkaUnderReplicated',
      severity: 'warning',
      meaning: 'Users notice nothing yet. One more failure may stop writes.',
      finding: 'Partitions with too few replicas in sync: {value}.',
      limit: any('partitions'),
      alert: { signal: 'sum(breakwater_kafka_partitions_under_replicated)', for: '5m' },
    },
    {
      id: 'KafkaBrokerMissing',
      severity: 'warning',
      meaning: 'Users notice nothing while enough brokers are left. The next failure may stop writes.',
      finding: `{value} of ${brokers.value} brokers are up.`,
      limit: below(brokers),
      alert: { signal: most('breakwater_kafka_brokers'), for: '3m' },
    },
    {
      id: 'KafkaQuorumShort',
      severity: 'critical',
      meaning: 'Without a majority of controllers no partition gets a new leader: the next failure stops writes.',
      finding: `{value} of ${voters.value} controllers keep up with their leader.`,
      limit: below(voters),
      alert: { signal: most('breakwater_kafka_voters_current'), for: '3m' },
    },
  ],
});
