// A Redis whose append-only file is damaged when it comes back: torn by a power loss, followed by
// garbage, or without writes that the disk had confirmed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openQueue, startTestConsumer } from '../apps/consumer/consumer.testing.ts';
import type { Queue } from '../apps/shared/queue/queue.ts';
import { installRedis } from '../local/install/redis.ts';
import { databaseUrl, startTestApi, uniqueName } from './api.ts';
import { useMongo, useRedis } from './servers.ts';
import { until } from './until.ts';
import { WitnessedLoad } from './witnessed-load.ts';

const redis = useRedis({ appendFsync: 'always' });
const mongo = useMongo();

const PAYLOAD_CHARS = 64;
const LIMITS = { batchSize: 1_000, batchBytes: 1 << 20, flushIntervalMs: 20 };
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function open(name: string): Queue {
  const queue = openQueue(redis.url, name);
  closers.push(() => queue.close());
  return queue;
}

/** The file that Redis appends to. */
async function logFile(): Promise<string> {
  const directory = join(redis.dataDir, 'appendonlydir');
  const files = (await readdir(directory)).filter((file) => file.endsWith('.incr.aof'));
  return join(directory, files.sort().at(-1)!);
}

async function kill(): Promise<void> {
  redis.server.kill('SIGKILL');
  await redis.server.exited;
}

/** Has `count` requests of five records accepted, one after the other. */
async function accept(queue: Queue, count: number): Promise<string[]> {
  const writer = await queue.writer();
  const ids: string[] = [];
  for (let i = 0; i < count; i++)
    ids.push(...(await writer.accept({ type: 'post', origin: `o/${i}`, payloads: ['a', 'b', 'c', 'd', 'ä€😀'] })));
  return ids;
}

/** The ids of all records that wait, without acknowledging them. */
async function waiting(queue: Queue): Promise<string[]> {
  const { lag } = await queue.depth();
  const reader = await queue.reader(LIMITS);
  const ids: string[] = [];
  while (ids.length < lag) {
    const batch = await reader.next();
    expect(batch!.lost).toBe(0);
    ids.push(...batch!.documents.records().map(({ _id }) => _id));
  }
  await reader.close();
  return ids;
}

test('a torn last write: what was confirmed is there, and of the request that was not, nothing', async () => {
  const name = uniqueName('posts');
  const queue = open(name);
  const confirmed = await accept(queue, 20);
  const file = await logFile();
  const before = (await readFile(file)).length;
  await accept(queue, 1);
  await queue.close();
  await kill();
  const whole = await readFile(file);
  const step = Math.ceil((whole.length - before) / 10);
  const cuts = [before + 1, whole.length - 1];
  for (let cut = before + step; cut < whole.length; cut += step) cuts.push(cut);
  for (const cut of cuts) {
    await writeFile(file, whole.subarray(0, cut));
    await redis.restart();
    const again = open(name);
    expect(await again.depth()).toMatchObject({ accepted: 100, lag: 100, deadLetters: 0 });
    expect(await waiting(again)).toEqual(confirmed);
    // What is accepted from now on follows the whole writes, and is read after the next crash.
    const later = await accept(again, 1);
    await again.close();
    await kill();
    await redis.restart();
    const last = open(name);
    expect(await waiting(last)).toEqual([...confirmed, ...later]);
    await last.close();
    await kill();
  }
  await redis.restart();
}, 120_000);

test('garbage after the last write: Redis refuses to start, and once it is cut off, nothing is missing', async () => {
  const name = uniqueName('posts');
  const queue = open(name);
  const confirmed = await accept(queue, 20);
  await queue.close();
  await kill();
  const file = await logFile();
  await appendFile(file, Buffer.alloc(4_096));
  await expect(redis.restart()).rejects.toThrow(/Bad file format reading the append only file/);
  await repair(file);
  await redis.restart();
  const again = open(name);
  expect(await again.depth()).toMatchObject({ accepted: 100, lag: 100 });
  expect(await waiting(again)).toEqual(confirmed);
}, 60_000);

/** What docs/operations.md says to do. */
async function repair(file: string): Promise<void> {
  const { command } = await installRedis({ env: process.env });
  const [program, ...args] = command.map((part) => part.replace(/redis-server$/, 'redis-check-aof'));
  const child = spawn(program!, [...args, '--fix', file], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end('y\n');
  expect(await once(child, 'exit')).toEqual([0, null]);
}

test('confirmed writes that the disk lost: the ledger reports them, and the rest is stored', async () => {
  const name = uniqueName('posts');
  const mongoUrl = databaseUrl(mongo.url, name);
  const env = { REDIS_URL: redis.url, MONGO_URL: mongoUrl, QUEUE_NAME: name, PAYLOAD_CHARS: String(PAYLOAD_CHARS) };
  const api = await startTestApi(env);
  closers.push(() => api.stop());
  const load = new WitnessedLoad({ run: name, url: api.url, users: 4, thinkMs: 5 });
  await load.accepted(100);
  const file = await logFile();
  const kept = (await readFile(file)).length;
  await load.accepted(100);
  await kill();
  await truncate(file, kept);
  await redis.restart();
  await load.accepted(100);
  await load.end();
  const queue = open(name);
  const consumer = await startTestConsumer({ queue, redisUrl: redis.url, mongoUrl });
  closers.push(() => consumer.stop());
  await until(async () => (await queue.depth()).lag === 0);
  const ledger = await load.ledger(mongoUrl, PAYLOAD_CHARS);
  expect(ledger).toMatchObject({ ok: false, dead: 0, phantom: 0, double: 0, corrupt: 0, torn: 0 });
  expect(ledger.lost).toBeGreaterThanOrEqual(5 * 90);
  expect(ledger.lost).toBeLessThanOrEqual(5 * 120);
  expect(ledger.stored).toBe(ledger.promised - ledger.lost + 5 * ledger.unknownStored);
}, 60_000);
