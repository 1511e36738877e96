// The Lua scripts of the SQS queue. SQS knows neither how many records wait nor how many bytes they
// have, and counts its messages only roughly: the exact counts are kept in Redis.
//
// A message that waits is a member `<key> <records> <bytes>` of a sorted set, scored by when it was
// accepted. A writer adds the member before it sends the message, and removes it when SQS does not
// confirm; the consumer that acknowledges the message removes it. Whoever does so corrects the
// counts. So a message counts once, however often it is sent or delivered.
//
// The hash of counts: `accepted` (records, ever), `lag` and `lagBytes` (what waits), `deadBytes` (of
// dead letters), `retention` (milliseconds), `surplus` and `missing` (messages, see RECONCILE).
import type { Redis } from 'ioredis';
import type { Script } from '../../redis.ts';

export interface SqsKeys {
  readonly counts: string;
  /** The messages that wait, by time. */
  readonly waiting: string;
  /** The ids of the dead letters, by time. */
  readonly deadLetters: string;
  /** The dead letters by id, as JSON. */
  readonly letters: string;
  /** There while nobody needs to compare the counts with SQS. */
  readonly reconciled: string;
}

export const sqsKeys = (name: string): SqsKeys => ({
  counts: `sqs:${name}:counts`,
  waiting: `sqs:${name}:waiting`,
  deadLetters: `sqs:${name}.dlq`,
  letters: `sqs:${name}.dlq:letters`,
  reconciled: `sqs:${name}:reconciled`,
});

/**
 * KEYS: counts, waiting. ARGV: most records, most bytes, now, the message's member, records and
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

/** Removes members that are there; gives the records that they had. */
const REMOVE = `
local function remove(counts, waiting, members)
  local records, bytes = 0, 0
  for _, member in ipairs(members) do
    if redis.call('ZREM', waiting, member) == 1 then
      local n, size = string.match(member, ' (%d+) (%d+)$')
      records, bytes = records + tonumber(n), bytes + tonumber(size)
    end
  end
  redis.call('HINCRBY', counts, 'lag', -records)
  redis.call('HINCRBY', counts, 'lagBytes', -bytes)
  return records
end`;

/** KEYS: counts, waiting. ARGV: the member of a message that was not sent. */
const RELEASE = `#!lua flags=allow-oom
${REMOVE}
local records = remove(KEYS[1], KEYS[2], ARGV)
redis.call('HINCRBY', KEYS[1], 'accepted', -records)
return records`;

/**
 * KEYS: counts, waiting, dead letters, letters. ARGV: now, the number of dead letters, id and JSON
 * of each, then the members of the messages that are acknowledged.
 */
const ACKNOWLEDGE = `#!lua flags=allow-oom
${REMOVE}
local n, dead = tonumber(ARGV[2]), 0
for i = 3, 1 + 2 * n, 2 do
  if redis.call('HSETNX', KEYS[4], ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('ZADD', KEYS[3], ARGV[1], ARGV[i])
    dead = dead + #ARGV[i + 1]
  end
end
if dead > 0 then redis.call('HINCRBY', KEYS[1], 'deadBytes', dead) end
local members = {}
for i = 3 + 2 * n, #ARGV do members[#members + 1] = ARGV[i] end
return remove(KEYS[1], KEYS[2], members)`;

/** KEYS: counts, dead letters, letters. ARGV: the letter's id. */
const DROP = `
local letter = redis.call('HGET', KEYS[3], ARGV[1])
if not letter then return 0 end
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HINCRBY', KEYS[1], 'deadBytes', -#letter)
return 1`;

/**
 * Compares the counts with SQS. KEYS: counts, waiting. ARGV: messages that SQS has, the time before
 * which members without a message are removed, the time before which SQS has deleted messages, its
 * retention.
 *
 * - A member stays without a message where its writer died before it sent it. All such members are
 *   removed once SQS is seen empty.
 * - What is older than the retention is gone from SQS, and lost.
 * - Messages without a member were sent while Redis was away or were not confirmed, or Redis has lost
 *   members. `missing` is how many of them there were at both this look and the last: SQS counts late by up to a
 *   minute.
 *
 * Replies with the records removed and the records lost.
 */
const RECONCILE = `#!lua flags=allow-oom
${REMOVE}
local old = function(time) return redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. time) end
local lost = remove(KEYS[1], KEYS[2], old(ARGV[3]))
local removed = 0
if ARGV[1] == '0' then removed = remove(KEYS[1], KEYS[2], old(ARGV[2])) end
redis.call('HINCRBY', KEYS[1], 'accepted', -removed)
local surplus = math.max(0, tonumber(ARGV[1]) - redis.call('ZCARD', KEYS[2]))
local missing = math.min(surplus, tonumber(redis.call('HGET', KEYS[1], 'surplus') or 0))
redis.call('HSET', KEYS[1], 'surplus', surplus, 'missing', missing, 'retention', ARGV[4])
return { removed, lost }`;

/** A connection that knows the scripts. */
export type ScriptedRedis = Redis & {
  sqsReserve: Script;
  sqsRelease: Script;
  sqsAcknowledge: Script;
  sqsDrop: Script;
  sqsReconcile: Script<[removed: number, lost: number]>;
};

/** Teaches a connection the scripts. */
export function withSqsScripts(redis: Redis): ScriptedRedis {
  redis.defineCommand('sqsReserve', { lua: RESERVE });
  redis.defineCommand('sqsRelease', { lua: RELEASE });
  redis.defineCommand('sqsAcknowledge', { lua: ACKNOWLEDGE });
  redis.defineCommand('sqsDrop', { lua: DROP });
  redis.defineCommand('sqsReconcile', { lua: RECONCILE });
  return redis as ScriptedRedis;
}
