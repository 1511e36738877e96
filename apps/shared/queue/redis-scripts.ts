// The Lua scripts of the Redis Streams queue: what must happen as one step happens in one script.
//
// Claim check: a stream entry holds only the name of a key; the key holds the record. While a record waits to be stored
// its key has no TTL, so that no eviction policy can touch it; when it is stored the same key gets a TTL and is the cache.
// One copy in memory, one in the append-only file, and an accepted record can be read from its first moment on.
import type { Redis } from 'ioredis';

/** KEYS: stream, record keys. ARGV: the queue's greatest length, then the records. Nothing happens when it is full. */
const ACCEPT = `
local n = #KEYS - 1
if redis.call('XLEN', KEYS[1]) + n > tonumber(ARGV[1]) then
  return redis.error_reply('QUEUEFULL the stream holds as many entries as it may')
end
for i = 1, n do
  redis.call('SET', KEYS[i + 1], ARGV[i + 1])
  redis.call('XADD', KEYS[1], '*', 'key', KEYS[i + 1])
end
return n`;

/**
 * KEYS: stream, dead-letter stream, record keys. ARGV: group, cache TTL in seconds, when it failed, how many entries;
 * then an entry id for each key, then pairs of record and reason for the dead letters.
 */
const SETTLE = `
local n = tonumber(ARGV[4])
local settled = 0
for from = 1, n, 1000 do
  local to = math.min(from + 999, n)
  redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 4 + from, 4 + to))
  settled = settled + redis.call('XDEL', KEYS[1], unpack(ARGV, 4 + from, 4 + to))
end
for i = 3, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[2]) end
for i = 5 + n, #ARGV, 2 do
  redis.call('XADD', KEYS[2], '*', 'record', ARGV[i], 'reason', ARGV[i + 1], 'failedAt', ARGV[3])
end
return settled`;

/** KEYS: stream, dead-letter stream, record key. ARGV: dead letter's id, record. */
const REPLAY = `
if redis.call('XDEL', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[3], ARGV[2])
redis.call('XADD', KEYS[1], '*', 'key', KEYS[3])
return 1`;

/** KEYS: stream. ARGV: group, consumer. Removes a consumer of the group unless entries are still pending on it. */
const FORGET = `
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local c = {}
  for i = 1, #info, 2 do c[info[i]] = info[i + 1] end
  if c['name'] == ARGV[2] then
    if c['pending'] > 0 then return 0 end
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
    return 1
  end
end
return 0`;

/** A connection that knows the scripts. */
export type ScriptedRedis = Redis & {
  queueAccept(numKeys: number, ...args: (string | number)[]): Promise<number>;
  queueSettle(numKeys: number, ...args: (string | number)[]): Promise<number>;
  queueReplay(numKeys: number, ...args: (string | number)[]): Promise<number>;
  queueForget(numKeys: number, ...args: (string | number)[]): Promise<number>;
};

/** Teaches a connection the scripts. */
export function withQueueScripts(redis: Redis): ScriptedRedis {
  redis.defineCommand('queueAccept', { lua: ACCEPT });
  redis.defineCommand('queueSettle', { lua: SETTLE });
  redis.defineCommand('queueReplay', { lua: REPLAY });
  redis.defineCommand('queueForget', { lua: FORGET });
  return redis as ScriptedRedis;
}
