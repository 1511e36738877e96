// The Lua scripts of the SQS queue. SQS knows neither how many records wait nor how many bytes they
// have, and counts its messages only roughly: the exact counts are kept in Redis.
//
// A message that waits is a member `<key> <records> <bytes>` of a sorted set, scored by when it was
// counted. A writer adds it to `sending` before it sends the message, moves it to `waiting` when
// SQS confirms, and removes it otherwise; the consumer that acknowledges the message removes it.
// Removing it corrects the counts. So a message counts once, however often it is sent or delivered.
//
// The hash of counts: `accepted` (records, ever), `lag` and `lagBytes` (what waits), `deadBytes`
// (of dead letters), `retention` (milliseconds), `acknowledged`, `surplus` and `missing` (messages,
// see RECONCILE).
import type { Redis } from 'ioredis';
import type { Script } from '../../redis.ts';

export interface SqsKeys {
  readonly counts: string;
  /** The messages that wait, by time. */
  readonly waiting: string;
  /** Those that SQS has not confirmed yet, by time. */
  readonly sending: string;
  /** The ids of the dead letters, by time. */
  readonly deadLetters: string;
  /** The dead letters by id, as JSON. */
  readonly letters: string;
  /** Exists until the letters must be compared with their copies again. */
  readonly restored: string;
  /** Exists until the counts must be compared with SQS again. */
  readonly reconciled: string;
}

export const sqsKeys = (name: string): SqsKeys => ({
  counts: `sqs:${name}:counts`,
  waiting: `sqs:${name}:waiting`,
  sending: `sqs:${name}:sending`,
  deadLetters: `sqs:${name}.dlq`,
  letters: `sqs:${name}.dlq:letters`,
  restored: `sqs:${name}.dlq:restored`,
  reconciled: `sqs:${name}:reconciled`,
});

/**
 * KEYS: counts, sending. ARGV: most records, most bytes, now, the message's member, records and
 * bytes. 0 where there is no room for it.
 */
const RESERVE = `
local counts = redis.call('HMGET', KEYS[1], 'lag', 'lagBytes', 'deadBytes')
local lag, bytes = tonumber(counts[1] or 0) + ARGV[5], tonumber(counts[2] or 0) + ARGV[6]
if lag > tonumber(ARGV[1]) or bytes + tonumber(counts[3] or 0) > tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
redis.call('HSET', KEYS[1], 'lag', lag, 'lagBytes', bytes)
redis.call('HINCRBY', KEYS[1], 'accepted', ARGV[5])
return 1`;

/** KEYS: sending, waiting. ARGV: the member of a message, which may be acknowledged already. */
const CONFIRM = `#!lua flags=allow-oom
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not at then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('ZADD', KEYS[2], at, ARGV[1])`;

/** Removes members that are there; gives the records and the messages that they were. */
const REMOVE = `
local function remove(members)
  local records, bytes, messages = 0, 0, 0
  for _, member in ipairs(members) do
    if redis.call('ZREM', KEYS[2], member) + redis.call('ZREM', KEYS[3], member) > 0 then
      local n, size = string.match(member, ' (%d+) (%d+)$')
      records, bytes, messages = records + tonumber(n), bytes + tonumber(size), messages + 1
    end
  end
  redis.call('HINCRBY', KEYS[1], 'lag', -records)
  redis.call('HINCRBY', KEYS[1], 'lagBytes', -bytes)
  return records, messages
end`;

/** KEYS: counts, waiting, sending. ARGV: the member of a message that was not sent. */
const RELEASE = `#!lua flags=allow-oom
${REMOVE}
local records = remove(ARGV)
redis.call('HINCRBY', KEYS[1], 'accepted', -records)
return records`;

/**
 * KEYS: counts, waiting, sending, dead letters, letters. ARGV: the number of dead letters; id, time
 * and JSON of each; then the members of the messages that are acknowledged.
 */
const ACKNOWLEDGE = `#!lua flags=allow-oom
${REMOVE}
local n, dead = tonumber(ARGV[1]), 0
for i = 2, 3 * n - 1, 3 do
  if redis.call('HSETNX', KEYS[5], ARGV[i], ARGV[i + 2]) == 1 then
    redis.call('ZADD', KEYS[4], ARGV[i + 1], ARGV[i])
    dead = dead + #ARGV[i + 2]
  end
end
if dead > 0 then redis.call('HINCRBY', KEYS[1], 'deadBytes', dead) end
local members = {}
for i = 2 + 3 * n, #ARGV do members[#members + 1] = ARGV[i] end
local records, messages = remove(members)
redis.call('HINCRBY', KEYS[1], 'acknowledged', messages)
return records`;

/** KEYS: counts, dead letters, letters. ARGV: the letter's id. */
const DROP = `
local letter = redis.call('HGET', KEYS[3], ARGV[1])
if not letter then return 0 end
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HINCRBY', KEYS[1], 'deadBytes', -#letter)
return 1`;

/**
 * Compares the counts with SQS. KEYS: counts, waiting, sending. ARGV: messages that SQS has, three
 * times before which members are removed, its retention.
 *
 * - What was to be sent before the first time never will be: its writer died, or Redis counted it
 *   late. If SQS has it nevertheless, acknowledging it counts nothing.
 * - What is older than the second time is gone from SQS once SQS is seen empty: it was acknowledged
 *   while Redis was away.
 * - What is older than the third time SQS has deleted: it is lost.
 * - Messages without a member were sent while Redis was away or were not confirmed, or Redis has
 *   lost members. `missing` is how many there were at both this look and the last. SQS counts late
 *   by up to a minute: what was acknowledged since the last look may be among them, and is left
 *   out.
 *
 * Replies with the records removed and the records lost.
 */
const RECONCILE = `#!lua flags=allow-oom
${REMOVE}
local old = function(key, time) return redis.call('ZRANGEBYSCORE', key, '-inf', '(' .. time) end
local messages = tonumber(ARGV[1])
local lost = remove(old(KEYS[2], ARGV[4]))
local removed = remove(old(KEYS[3], ARGV[2]))
redis.call('HINCRBY', KEYS[1], 'accepted', -removed)
if messages == 0 then removed = removed + remove(old(KEYS[2], ARGV[3])) end
local counts = redis.call('HMGET', KEYS[1], 'surplus', 'acknowledged')
local known = redis.call('ZCARD', KEYS[2]) + redis.call('ZCARD', KEYS[3]) + tonumber(counts[2] or 0)
local surplus = math.max(0, messages - known)
local missing = math.min(surplus, tonumber(counts[1] or 0))
redis.call('HSET', KEYS[1], 'surplus', surplus, 'missing', missing, 'acknowledged', 0, 'retention', ARGV[5])
return { removed, lost }`;

/** A connection that knows the scripts. */
export type ScriptedRedis = Redis & {
  sqsReserve: Script;
  sqsConfirm: Script;
  sqsRelease: Script;
  sqsAcknowledge: Script;
  sqsDrop: Script;
  sqsReconcile: Script<[removed: number, lost: number]>;
};

/** Teaches a connection the scripts. */
export function withSqsScripts(redis: Redis): ScriptedRedis {
  redis.defineCommand('sqsReserve', { lua: RESERVE });
  redis.defineCommand('sqsConfirm', { lua: CONFIRM });
  redis.defineCommand('sqsRelease', { lua: RELEASE });
  redis.defineCommand('sqsAcknowledge', { lua: ACKNOWLEDGE });
  redis.defineCommand('sqsDrop', { lua: DROP });
  redis.defineCommand('sqsReconcile', { lua: RECONCILE });
  return redis as ScriptedRedis;
}
