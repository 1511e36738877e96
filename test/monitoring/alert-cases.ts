// Situations in which each alert fires, and similar ones in which it must not, as series that
// Prometheus would have collected.

/** A situation. */
export interface AlertCase {
  readonly alert: string;
  readonly when: string;
  readonly fires: boolean;
  /** Values by series, in promtool's notation: `0+5x10` starts at 0 and grows by 5 ten times. */
  readonly series: Readonly<Record<string, string>>;
  /** When the alert is checked. @default 30m */
  readonly at?: string;
}

const requests = (status: string, values: string, route = '/api/data') => ({
  [`breakwater_http_request_duration_seconds_count{job="api",instance="a",method="GET",route="${route}",status="${status}"}`]:
    values,
});
/** Of 100 requests in half a minute, how many take at most 1 s, 2 s and 5 s. */
const latencies = (one: number, two: number, five: number, route = '/api/data') =>
  Object.fromEntries(
    [
      ['1', one],
      ['2', two],
      ['5', five],
      ['+Inf', 100],
    ].map(([le, count]) => [
      `breakwater_http_request_duration_seconds_bucket{job="api",instance="a",route="${route}",status="200",le="${le}"}`,
      `0+${count}x900`,
    ]),
  );
const lag = (values: string) => ({
  'breakwater_queue_lag_records{job="api",instance="a",queue="posts"}': values,
  'breakwater_queue_lag_records{job="api",instance="b",queue="posts"}': values,
});
/** How full the queue is, and its limits: 1,000 records and 1,000 bytes. */
const queue = (records: string, bytes: string) => ({
  ...lag(records),
  'breakwater_queue_lag_bytes{job="api",instance="a",queue="posts"}': bytes,
  'breakwater_queue_limit_records{job="api",instance="a",queue="posts"}': '1000x900',
  'breakwater_queue_limit_bytes{job="api",instance="a",queue="posts"}': '1000x900',
});
const oldest = (age: string, retention: string) => ({
  'breakwater_queue_oldest_age_seconds{job="api",instance="a",queue="posts"}': age,
  'breakwater_queue_retention_seconds{job="api",instance="a",queue="posts"}': retention,
});
const lost = (values: string, instance = 'c') => ({
  [`breakwater_records_lost_total{job="consumer",instance="${instance}"}`]: values,
});
const acknowledged = (stored: string) => ({
  'breakwater_records_stored_total{job="consumer",instance="c"}': stored,
  'breakwater_records_duplicate_total{job="consumer",instance="c"}': '0x900',
  'breakwater_records_dead_lettered_total{job="consumer",instance="c"}': '0x900',
});
const gate = (operations: string, limit: string) => ({
  'breakwater_gate_operations_per_second{job="gate",instance="g"}': operations,
  'breakwater_gate_limit_operations_per_second{job="gate",instance="g"}': limit,
});
const redisMemory = (used: string, keys: string, expiring: string) => ({
  'redis_memory_used_bytes{instance="r"}': used,
  'redis_memory_max_bytes{instance="r"}': '1000x900',
  'redis_db_keys{instance="r",db="db0"}': keys,
  'redis_db_keys_expiring{instance="r",db="db0"}': expiring,
});
const cache = (hits: number, misses: number, evicted: number) => ({
  'redis_evicted_keys_total{instance="r"}': `0+${evicted}x900`,
  'breakwater_cache_hits_total{instance="a"}': `0+${hits}x900`,
  'breakwater_cache_misses_total{instance="a"}': `0+${misses}x900`,
});
const kafka = (metric: string, ...values: string[]) =>
  Object.fromEntries(
    values.map((value, i) => [`breakwater_kafka_${metric}{job="kafka",instance="kafka-${i}"}`, value]),
  );
const volume = (available: string) => ({
  'kubelet_volume_stats_available_bytes{persistentvolumeclaim="data-mongo-0"}': available,
  'kubelet_volume_stats_capacity_bytes{persistentvolumeclaim="data-mongo-0"}': '1000x900',
});
const disk = (used: string) => ({
  'container_fs_usage_bytes{id="/",node="n",device="/dev/vda1"}': used,
  'container_fs_limit_bytes{id="/",node="n",device="/dev/vda1"}': '1000x900',
});

type Case = Omit<AlertCase, 'alert' | 'fires'>;
const of = (alert: string, fires: readonly Case[], silent: readonly Case[]): AlertCase[] => [
  ...fires.map((situation) => ({ alert, fires: true, ...situation })),
  ...silent.map((situation) => ({ alert, fires: false, ...situation })),
];

export const alertCases: readonly AlertCase[] = [
  ...of(
    'ErrorBudgetBurnFast',
    [
      { when: 'a fifth fails', at: '90m', series: { ...requests('200', '0+80x900'), ...requests('503', '0+20x900') } },
      { when: 'all fail', at: '90m', series: requests('500', '0+20x900') },
    ],
    [
      {
        when: 'one in twenty fails',
        at: '90m',
        series: { ...requests('200', '0+95x900'), ...requests('503', '0+5x900') },
      },
      {
        when: 'it was bad and is over',
        at: '75m',
        series: { ...requests('200', '0+50x900'), ...requests('503', '0+50x120 6000x780') },
      },
      {
        when: 'clients send bad requests',
        at: '90m',
        series: { ...requests('200', '0+50x900'), ...requests('404', '0+50x900') },
      },
      {
        when: 'there are no requests',
        at: '90m',
        series: { ...requests('200', '500x900'), ...requests('503', '500x900') },
      },
    ],
  ),
  ...of(
    'ErrorBudgetBurnSlow',
    [
      {
        when: '8 % fail for hours',
        at: '7h',
        series: { ...requests('200', '0+92x900'), ...requests('503', '0+8x900') },
      },
    ],
    [
      {
        when: '3 % fail for hours',
        at: '7h',
        series: { ...requests('200', '0+97x900'), ...requests('503', '0+3x900') },
      },
      {
        when: 'it has been over for an hour',
        at: '7h',
        series: { ...requests('200', '0+50x900'), ...requests('503', '0+50x720 36000x180') },
      },
    ],
  ),
  ...of(
    'LatencyHigh',
    [{ when: 'one in ten takes longer', series: latencies(80, 90, 100) }],
    [
      { when: 'three in a hundred take longer', series: latencies(80, 97, 100) },
      {
        when: 'only the statistics are slow',
        series: { ...latencies(99, 100, 100), ...latencies(0, 0, 100, '/api/stats') },
      },
      { when: 'there are no requests', series: {} },
    ],
  ),
  ...of(
    'LagGrowing',
    [
      {
        when: 'twice as much is accepted as is stored',
        at: '40m',
        series: { ...lag('0+1500x900'), ...acknowledged('0+1500x900') },
      },
    ],
    [
      { when: 'a burst drains', at: '40m', series: { ...lag('600000-1500x400'), ...acknowledged('0+1500x900') } },
      { when: 'it grows and is small', at: '40m', series: { ...lag('0+10x900'), ...acknowledged('0+15000x900') } },
      { when: 'nothing is accepted', at: '40m', series: { ...lag('0x900'), ...acknowledged('500x900') } },
    ],
  ),
  ...of(
    'QueueNearlyFull',
    [
      { when: '90 % of the records', series: queue('900x900', '100x900') },
      { when: '90 % of the bytes', series: queue('100x900', '900x900') },
      {
        when: '90 % of the records, and the API does not report bytes',
        series: { ...lag('900x900'), 'breakwater_queue_limit_records{queue="posts"}': '1000x900' },
      },
    ],
    [
      { when: '50 % of the records and 70 % of the bytes', series: queue('500x900', '700x900') },
      { when: '90 % of the bytes for a moment', series: queue('100x900', '100x50 900x2 100x900') },
    ],
  ),
  ...of(
    'RecordsLost',
    [
      { when: 'one is gone', series: lost('0x50 1x900') },
      { when: 'a consumer lost them before it was first scraped', series: lost('_x50 100x900') },
      { when: 'and it has ended since', series: lost('_x20 100x5') },
      { when: 'more are gone after a loss', at: '4h', series: lost('0x100 7x370 8x900') },
      { when: 'a restarted consumer loses some', at: '2h', series: lost('7x200 0x20 2x900') },
    ],
    [
      { when: 'none is lost', series: { ...lost('0x900'), ...lost('_x50 0x900', 'd') } },
      { when: 'the loss was hours ago', at: '4h', series: lost('0x100 7x900') },
      { when: 'a consumer that lost some hours ago restarts', at: '4h', series: lost('7x470 0x900') },
      { when: 'there is no consumer', series: {} },
    ],
  ),
  ...of(
    'RetentionNear',
    [{ when: 'the oldest record has waited for a third of it', series: oldest('400000x900', '1209600x900') }],
    [
      { when: 'the oldest record has waited for an hour', series: oldest('3600x900', '1209600x900') },
      { when: 'the queue keeps records for ever', series: lag('100x900') },
    ],
  ),
  ...of(
    'ConsumerStalled',
    [
      { when: 'records wait and none is stored', series: { ...lag('100x900'), ...acknowledged('500x900') } },
      { when: 'records wait and there is no consumer', series: lag('100x900') },
    ],
    [
      { when: 'they are stored at once', series: { ...lag('100x900'), ...acknowledged('0+10x900') } },
      { when: 'the queue is empty', series: { ...lag('0x900'), ...acknowledged('500x900') } },
      { when: 'the queue is empty and there is no consumer', series: lag('0x900') },
      { when: 'a consumer starts within a minute', at: '4m', series: lag('100x2 0x900') },
    ],
  ),
  ...of(
    'DeadLetters',
    [{ when: 'one waits', series: { 'breakwater_queue_dead_letters{queue="posts"}': '1x900' } }],
    [{ when: 'none waits', series: { 'breakwater_queue_dead_letters{queue="posts"}': '0x900' } }],
  ),
  ...of(
    'MongoUnreachable',
    [{ when: 'the gate reports it', series: { 'breakwater_gate_upstream_up{job="gate"}': '1x10 0x900' } }],
    [{ when: 'it is reachable', series: { 'breakwater_gate_upstream_up{job="gate"}': '1x900' } }],
  ),
  ...of(
    'MongoAtLimit',
    [{ when: '99 of 100 operations for a long time', series: gate('99x900', '100x900') }],
    [
      { when: '80 of 100', series: gate('80x900', '100x900') },
      { when: '100 of 100 for a moment', series: gate('20x50 100x4 20x900', '100x900') },
      { when: 'there is no limit', series: gate('5000x900', '0x900') },
    ],
  ),
  ...of(
    'KafkaPartitionsOffline',
    [{ when: 'a partition has no leader', series: kafka('partitions_offline', '1x900', '1x900') }],
    [{ when: 'all have a leader', series: kafka('partitions_offline', '0x900', '0x900', '0x900') }],
  ),
  ...of(
    'KafkaUnderReplicated',
    [{ when: 'one leader lacks a replica', series: kafka('partitions_under_replicated', '0x900', '2x900', '0x900') }],
    [
      { when: 'all have their replicas', series: kafka('partitions_under_replicated', '0x900', '0x900', '0x900') },
      { when: 'a broker restarts', series: kafka('partitions_under_replicated', '0x50 3x6 0x900') },
    ],
  ),
  ...of(
    'KafkaBrokerMissing',
    [
      { when: 'two of three', series: kafka('brokers', '2x900', '2x900') },
      { when: 'no agent answers', series: {} },
    ],
    [
      { when: 'three, as one of them knows', series: kafka('brokers', '3x900', '2x900') },
      { when: 'a broker restarts', series: kafka('brokers', '3x50 2x4 3x900') },
    ],
  ),
  ...of(
    'KafkaQuorumShort',
    [
      { when: 'two of three keep up', series: kafka('voters_current', '2x900', '2x900') },
      { when: 'there is no quorum to report it', series: kafka('brokers', '1x900') },
    ],
    [{ when: 'all keep up', series: kafka('voters_current', '3x900', '3x900', '3x900') }],
  ),
  ...of(
    'RedisDown',
    [{ when: 'it does not answer', series: { 'redis_up{instance="r"}': '0x900' } }],
    [{ when: 'it answers', series: { 'redis_up{instance="r"}': '1x900' } }],
  ),
  ...of(
    'RedisMemoryHigh',
    [{ when: 'full of records that wait to be stored', series: redisMemory('950x900', '100x900', '10x900') }],
    [
      { when: 'full of cached records', series: redisMemory('999x900', '100x900', '95x900') },
      { when: 'half full', series: redisMemory('500x900', '100x900', '0x900') },
      {
        when: 'it has no limit',
        series: { ...redisMemory('950x900', '100x900', '0x900'), 'redis_memory_max_bytes{instance="r"}': '0x900' },
      },
    ],
  ),
  ...of(
    'RedisEvicting',
    [{ when: 'a third are misses', at: '40m', series: cache(60, 30, 50) }],
    [
      { when: 'nearly all are hits', at: '40m', series: cache(95, 5, 50) },
      { when: 'nothing is evicted', at: '40m', series: cache(60, 30, 0) },
    ],
  ),
  ...of(
    'TargetDown',
    [
      {
        when: 'one of two is down',
        series: { 'up{job="consumer",instance="a"}': '1x900', 'up{job="consumer",instance="b"}': '0x900' },
      },
    ],
    [
      { when: 'all answer', series: { 'up{job="consumer",instance="a"}': '1x900' } },
      { when: 'a pod restarts', series: { 'up{job="consumer",instance="a"}': '1x50 0x2 1x900' } },
    ],
  ),
  ...of(
    'ApiMissing',
    [
      { when: 'no process is found', series: { 'up{job="gate",instance="g"}': '1x900' } },
      { when: 'all are down', series: { 'up{job="api",instance="a"}': '0x900' } },
    ],
    [{ when: 'one is left', series: { 'up{job="api",instance="a"}': '0x900', 'up{job="api",instance="b"}': '1x900' } }],
  ),
  ...of(
    'GateMissing',
    [{ when: 'it is down', series: { 'up{job="gate",instance="g"}': '0x900' } }],
    [{ when: 'it is up', series: { 'up{job="gate",instance="g"}': '1x900' } }],
  ),
  ...of(
    'VolumeFilling',
    [
      { when: 'a tenth is free', series: volume('100x900') },
      { when: 'it will be full within a day', at: '6h', series: volume('900-0.7x900') },
    ],
    [
      { when: 'half is free', at: '6h', series: volume('600x900') },
      { when: 'it fills, and most of it is free', at: '6h', series: volume('900-0.1x900') },
    ],
  ),
  ...of(
    'NodeDiskFilling',
    [{ when: '90 % are used', series: disk('900x900') }],
    [{ when: '60 % are used', at: '6h', series: disk('600x900') }],
  ),
];
