// How Redis is set up wherever it runs: what the apps rely on, in one place for the local run and for the cluster.

/** What differs between stacks. */
export interface RedisLimits {
  /** Most that the data may take, MiB. */
  readonly memoryMiB: number;
  /** When the append-only file is flushed to disk. */
  readonly appendFsync: 'always' | 'everysec' | 'no';
}

/** Connections that may wait to be accepted. What the kernel allows in a new network namespace (`net.core.somaxconn`). */
const TCP_BACKLOG = 4096;

/** Settings of redis.conf, by name. */
export function redisSettings({ memoryMiB, appendFsync }: RedisLimits): readonly (readonly [string, string])[] {
  return [
    ['appendonly', 'yes'],
    ['appendfsync', appendFsync],
    ['save', ''], // the append-only file is the durability; snapshots would only fork
    ['maxmemory', `${memoryMiB}mb`],
    ['maxmemory-policy', 'volatile-lru'], // what waits to be stored has no TTL and stays; what is read stays longest of the rest
    ['tcp-backlog', String(TCP_BACKLOG)],
    ['maxclients', '20000'],
  ];
}
