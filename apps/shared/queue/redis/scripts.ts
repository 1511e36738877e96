// The Lua scripts of the Redis Streams queue: what must happen as one step happens in one script.
//
// Claim check: a stream entry names a key that holds the group's records. While a group waits to be
// stored its key has no TTL, so no eviction policy can touch it. Acknowledged, the same key gets a
// TTL and is the cache. One copy in memory, one in the append-only file, and a record can be read
// from the moment it was accepted.
//
// The hash of counts: `accepted` (records, ever), `lag` and `lagBytes` (what waits), `deadBytes`
// (of dead letters).
import type { Redis } from 'ioredis';
import type { Script } from '../../redis.ts';

/**
 * Makes an acknowledgement possible without memory (allow-oom): it is what makes room.
 * KEYS: stream, counts, dead letters. ARGV: consumer group. Makes the first two where they are not
 * there yet, and corrects the counts of what is empty: keys may have been removed by hand.
 */
const OPEN = `#!lua flags=allow-oom
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
if redis.call('XLEN', KEYS[1]) == 0 then redis.call('HSET', KEYS[2], 'lag', 0, 'lagBytes', 0) end
if redis.call('XLEN', KEYS[3]) == 0 then redis.call('HSET', KEYS[2], 'deadBytes', 0) end
return 1`;

/**
 * KEYS: stream, counts, group's key. ARGV: most records, most bytes, group, its records, its bytes,
 * what it is, then further fields of the entry and their values.
 */
const ACCEPT = `
local counts = redis.call('HMGET', KEYS[2], 'lag', 'lagBytes', 'deadBytes', 'accepted')
local n, bytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local lag, lagBytes = tonumber(counts[1] or 0) + n, tonumber(counts[2] or 0) + bytes
if lag > tonumber(ARGV[1]) or lagBytes + tonumber(counts[3] or 0) > tonumber(ARGV[2]) then
  return redis.error_reply('QUEUEFULL the queue holds as much as it may')
end
redis.call('SET', KEYS[3], ARGV[6])
redis.call('XADD', KEYS[1], '*', 'g', ARGV[3], 'n', n, 'b', bytes, unpack(ARGV, 7))
redis.call('HSET', KEYS[2], 'lag', lag, 'lagBytes', lagBytes, 'accepted', tonumber(counts[4] or 0) + n)
return n`;

/**
 * KEYS: stream, counts, dead letters, group keys. ARGV: consumer group, TTL of the cache in
 * seconds, when it failed, then for each key the entry's id, records and bytes, then for each dead
 * letter the place of its group (from 1), record and reason. What another consumer acknowledged
 * meanwhile counts only once, and its dead letters are there already.
 */
const ACKNOWLEDGE = `#!lua flags=allow-oom
local n = #KEYS - 3
local gone, records, bytes = {}, 0, 0
for i = 1, n do
  local at = 1 + 3 * i
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[at])
  if redis.call('XDEL', KEYS[1], ARGV[at]) == 1 then
    records = records + tonumber(ARGV[at + 1])
    bytes = bytes + tonumber(ARGV[at + 2])
    redis.call('EXPIRE', KEYS[i + 3], ARGV[2])
  else
    gone[i] = true
  end
end
local dead = 0
for at = 4 + 3 * n, #ARGV, 3 do
  if not gone[tonumber(ARGV[at])] then
    redis.call('XADD', KEYS[3], '*', 'record', ARGV[at + 1], 'reason', ARGV[at + 2], 'failedAt', ARGV[3])
    dead = dead + #ARGV[at + 1]
  end
end
redis.call('HINCRBY', KEYS[2], 'lag', -records)
redis.call('HINCRBY', KEYS[2], 'lagBytes', -bytes)
if dead > 0 then redis.call('HINCRBY', KEYS[2], 'deadBytes', dead) end
return records`;

/** Adds a group of `n` records to what waits. */
const ENQUEUE = `
local function enqueue(stream, counts, key, group, n, bytes, value)
  redis.call('SET', key, value)
  redis.call('XADD', stream, '*', 'g', group, 'n', n, 'b', bytes)
  redis.call('HINCRBY', counts, 'lag', n)
  redis.call('HINCRBY', counts, 'lagBytes', bytes)
  redis.call('HINCRBY', counts, 'accepted', n)
end`;

/** Removes a letter with its bytes; 0 if there is none. */
const REMOVE = `
local function remove(letters, counts, id)
  local letter = redis.call('XRANGE', letters, id, id)[1]
  if not letter then return 0 end
  redis.call('XDEL', letters, id)
  local dead = tonumber(redis.call('HGET', counts, 'deadBytes') or 0)
  redis.call('HINCRBY', counts, 'deadBytes', -math.min(#letter[2][2], dead))
  return 1
end`;

/** KEYS: dead letters, counts. ARGV: the letter's id. */
const DROP = `${REMOVE}
return remove(KEYS[1], KEYS[2], ARGV[1])`;

/**
 * The letter goes last: without memory the first write fails, and it must still be there.
 * KEYS: stream, counts, group's key, dead letters, the record's key. ARGV: the letter's id, group,
 * its bytes, what it is, the record as JSON, how long that stays readable in seconds.
 */
const REPLAY = `${ENQUEUE}${REMOVE}
if #redis.call('XRANGE', KEYS[4], ARGV[1], ARGV[1]) == 0 then return 0 end
enqueue(KEYS[1], KEYS[2], KEYS[3], ARGV[2], 1, ARGV[3], ARGV[4])
redis.call('SET', KEYS[5], ARGV[5], 'EX', ARGV[6])
return remove(KEYS[4], KEYS[2], ARGV[1])`;

/**
 * KEYS: stream. ARGV: group, consumer. Removes a consumer of the group unless entries are still
 * pending on it.
 */
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

/**
 * Takes entries of version 0.1 (a key a record, JSON) over into a group, those that are still
 * there.
 * KEYS: stream, counts, group's key, old stream, record keys. ARGV: consumer group, group, its
 * bytes, what it is, how long the old keys stay readable in seconds, then the ids of the old
 * entries.
 */
const ADOPT = `#!lua flags=allow-oom
${ENQUEUE}
local n = #KEYS - 4
for i = 1, n do
  if #redis.call('XRANGE', KEYS[4], ARGV[5 + i], ARGV[5 + i]) == 0 then return 0 end
end
for i = 1, n do
  redis.call('XACK', KEYS[4], ARGV[1], ARGV[5 + i])
  redis.call('XDEL', KEYS[4], ARGV[5 + i])
  redis.call('EXPIRE', KEYS[4 + i], ARGV[5])
end
enqueue(KEYS[1], KEYS[2], KEYS[3], ARGV[2], n, ARGV[3], ARGV[4])
return n`;

/** A connection that knows the scripts. */
export type ScriptedRedis = Redis & {
  queueOpen: Script;
  queueAccept: Script;
  queueAcknowledge: Script;
  queueDrop: Script;
  queueReplay: Script;
  queueForget: Script;
  queueAdopt: Script;
};

/** Teaches a connection the scripts. */
export function withQueueScripts(redis: Redis): ScriptedRedis {
  redis.defineCommand('queueOpen', { lua: OPEN });
  redis.defineCommand('queueAccept', { lua: ACCEPT });
  redis.defineCommand('queueAcknowledge', { lua: ACKNOWLEDGE });
  redis.defineCommand('queueDrop', { lua: DROP });
  redis.defineCommand('queueReplay', { lua: REPLAY });
  redis.defineCommand('queueForget', { lua: FORGET });
  redis.defineCommand('queueAdopt', { lua: ADOPT });
  return redis as ScriptedRedis;
}
