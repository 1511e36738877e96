import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { uniqueName } from '../../../../test/api.ts';
import { useRedis, useSqs } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { QueueRefusedError } from '../../errors.ts';
import { createLogger } from '../../logger.ts';
import { queueContract } from '../contract.testing.ts';
import { SqsQueue, type SqsQueueOptions } from './queue.ts';
import { sqsKeys } from './scripts.ts';

const redis = useRedis();
const server = useSqs();
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
/** ElasticMQ takes any. */
const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
let sqs: SQSClient;
let admin: Redis;
beforeAll(() => {
  admin = new Redis(redis.url);
  Object.assign(process.env, credentials);
  sqs = new SQSClient({ region: 'elasticmq', endpoint: server.url });
});

afterAll(() => {
  admin.disconnect();
  sqs.destroy();
});

const urlOf = (name: string) => `${server.url}/000000000000/${name}`;

async function create(name: string): Promise<void> {
  for (const QueueName of [name, `${name}-dlq`]) await sqs.send(new CreateQueueCommand({ QueueName }));
}

const opened: SqsQueue[] = [];
afterEach(async () => {
  for (const queue of opened.splice(0)) await queue.close();
});

/** Closed after the test. */
function open(name: string, options: Partial<SqsQueueOptions> = {}): SqsQueue {
  const address = { queueUrl: urlOf(name), region: 'elasticmq', endpoint: server.url, url: redis.url };
  const limits = { maxLength: 1_000_000, maxBytes: 1e9, visibilitySeconds: 5 };
  const queue = new SqsQueue({ name, ...address, ...limits, ...options }, logger);
  opened.push(queue);
  return queue;
}

const proxies: Server[] = [];
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close();
});

/**
 * A proxy in front of SQS.
 * @param edit changes the answer to a call; undefined breaks the connection
 */
async function between(edit: (call: string, answer: string) => string | undefined | Promise<string>): Promise<string> {
  const proxy = createServer(async (req, res) => {
    const target = String(req.headers['x-amz-target']);
    const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' };
    const response = await fetch(server.url, { method: 'POST', headers, body: await text(req) });
    const answer = await edit(target.split('.')[1]!, await response.text());
    if (answer === undefined) req.destroy();
    else res.writeHead(answer.includes('__type') ? 400 : response.status, headers).end(answer);
  });
  proxies.push(proxy.listen(0, '127.0.0.1'));
  await once(proxy, 'listening');
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

queueContract('sqs', {
  create,
  open,
  async poison(name, text) {
    const { waiting, counts } = sqsKeys(name);
    await admin
      .multi()
      .zadd(waiting, Date.now(), `abc 1 ${text.length}`)
      .hincrby(counts, 'lag', 1)
      .hincrby(counts, 'lagBytes', text.length)
      .exec();
    const group = { DataType: 'Binary', BinaryValue: Buffer.from(text) };
    const QueueUrl = urlOf(name);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'abc 1', MessageAttributes: { group } }));
  },
  async crash(down) {
    server.server.kill('SIGKILL');
    await server.server.exited;
    await down?.();
    await server.restart();
  },
  settings: (name) => ({
    QUEUE_KIND: 'sqs',
    QUEUE_NAME: name,
    QUEUE_GROUP: 'store',
    QUEUE_MAX_LENGTH: 1_000_000,
    QUEUE_MAX_BYTES: 1e9,
    SQS_QUEUE_URL: urlOf(name),
    SQS_REGION: 'elasticmq',
    SQS_ENDPOINT: server.url,
    REDIS_URL: redis.url,
  }),
  env: credentials,
  takeoverMs: 20_000,
  countsBytes: true,
  oversizeBytes: 1_048_576,
});

const LIMITS = { batchSize: 1_000, batchBytes: 1 << 20, flushIntervalMs: 50 };
const request = (origin: string, count: number, chars = 10) => ({
  type: 'post',
  origin,
  payloads: Array<string>(count).fill('x'.repeat(chars)),
});

/** A queue with one that is opened over it. */
async function fresh(options: Partial<SqsQueueOptions> = {}) {
  const name = uniqueName('posts');
  await create(name);
  return { name, queue: open(name, options) };
}

const messagesIn = async (name: string): Promise<number> => {
  const QueueUrl = urlOf(name);
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  return Number(Attributes!.ApproximateNumberOfMessages) + Number(Attributes!.ApproximateNumberOfMessagesNotVisible);
};

test('requests of a moment share messages of up to 60 KB', async () => {
  const { name, queue } = await fresh();
  const writer = await queue.writer();
  // About 5 KB each, 150 KB together; the first one does not wait for others.
  await Promise.all(Array.from({ length: 30 }, (_, i) => writer.accept(request(`r${i}`, 5, 900))));
  expect(await messagesIn(name)).toBeGreaterThanOrEqual(3);
  expect(await messagesIn(name)).toBeLessThanOrEqual(5);
  await writer.accept(request('large', 1, 500_000));
  const batch = await (await queue.reader(LIMITS)).next();
  expect(batch!.documents.count).toBe(151);
});

test('what is delivered twice counts once, and its dead letters are there once', async () => {
  const { queue, name } = await fresh({ visibilitySeconds: 1 });
  await (await queue.writer()).accept(request('o', 5));
  const [first, second] = [await queue.reader(LIMITS), await open(name).reader(LIMITS)];
  const batch = await first.next();
  await first.close();
  const again = await second.next();
  expect(again).toMatchObject({ redelivered: 5 });
  for (const each of [batch!, again!]) await each.acknowledge([{ index: 1, reason: 'made up' }]).catch(() => {});
  await second.close();
  expect(await queue.depth()).toMatchObject({ accepted: 5, lag: 0, deadLetters: 1 });
});

describe('dead letters', () => {
  /** A queue whose letters are those of `count` records. */
  async function withLetters(count: number) {
    const { queue, name } = await fresh();
    await (await queue.writer()).accept(request('o', count));
    const reader = await queue.reader(LIMITS);
    const refused = Array.from({ length: count }, (_, index) => ({ index, reason: `reason ${index}` }));
    await (await reader.next())!.acknowledge(refused);
    return { queue, name, letters: await queue.deadLetters.list(count) };
  }
  /** As after a minute. */
  async function restore(name: string, options?: Partial<SqsQueueOptions>): Promise<void> {
    await admin.del(sqsKeys(name).restored);
    await open(name, options).deadLetters.restore();
  }

  test('survive a Redis that loses its data, as they were, without those that were dropped', async () => {
    const { queue, name, letters } = await withLetters(25);
    const dropped = letters.splice(3, 2);
    for (const { id } of dropped) expect(await queue.deadLetters.drop(id)).toBe(true);
    await queue.close(); // gives back what it has in hand
    await admin.flushall();
    const again = open(name);
    expect(await again.deadLetters.list(100)).toEqual([]);
    const writer = await again.writer();
    const reader = await again.reader(LIMITS);
    expect(await again.deadLetters.list(100)).toEqual(letters);
    expect((await again.depth()).deadLetters).toBe(23);

    expect(await again.deadLetters.replay(letters[0]!.id)).toBe(true);
    const batch = await reader.next();
    expect(batch!.documents.records()).toEqual([letters[0]!.record]);
    await batch!.acknowledge();
    await writer.close();
    expect(await messagesIn(`${name}-dlq`)).toBe(22);
    await again.close();
    await admin.flushall();
    await restore(name);
    expect(await open(name).deadLetters.list(100)).toEqual(letters.slice(1));
  });

  test('while Redis is away, their messages are acknowledged all the same', async () => {
    const { queue, name } = await fresh();
    await (await queue.writer()).accept(request('o', 5));
    const batch = await (await queue.reader(LIMITS)).next();
    redis.server.kill('SIGSTOP');
    try {
      await batch!.acknowledge([{ index: 1, reason: 'made up' }]);
    } finally {
      redis.server.kill('SIGCONT');
    }
    expect(await messagesIn(name)).toBe(0);
    await admin.flushall(); // also of what it was sent while it was stopped
    await restore(name);
    expect(await queue.deadLetters.list(10)).toMatchObject([{ reason: 'made up' }]);
  });

  test('that two commands drop at once are gone for good', async () => {
    const { name, letters } = await withLetters(2);
    let looks = 0;
    const endpoint = await between((call, answer) => {
      if (call === 'GetQueueAttributes') looks++;
      return answer;
    });
    const [one, other] = [open(name), open(name, { endpoint })];
    await one.deadLetters.drop(letters[0]!.id); // has the other letter in hand
    const dropping = other.deadLetters.drop(letters[1]!.id);
    await until(async () => looks > 0);
    await one.close();
    expect(await dropping).toBe(true);
    expect(await messagesIn(`${name}-dlq`)).toBe(0);
  });

  test('that are copied twice are there once, and so are their copies', async () => {
    const { queue, name, letters } = await withLetters(1);
    const [{ id, ...letter }] = letters as [(typeof letters)[0]];
    const QueueUrl = urlOf(`${name}-dlq`);
    const BinaryValue = gzipSync(JSON.stringify({ id, at: 1, text: JSON.stringify(letter) }));
    const group = { DataType: 'Binary', BinaryValue };
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: id, MessageAttributes: { group } }));
    await restore(name);
    expect(await messagesIn(`${name}-dlq`)).toBe(1);
    expect(await queue.deadLetters.list(10)).toEqual(letters);
  });

  test('that come again while they are read keep their copies', async () => {
    const { queue, name, letters } = await withLetters(1);
    const QueueUrl = urlOf(`${name}-dlq`);
    let receives = 0;
    const endpoint = await between(async (call, answer) => {
      if (call !== 'ReceiveMessage' || receives++ > 0) return answer;
      const { ReceiptHandle } = JSON.parse(answer).Messages[0];
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
      return answer;
    });
    await admin.flushall();
    await restore(name, { endpoint });
    expect(receives).toBeGreaterThan(1);
    expect(await messagesIn(`${name}-dlq`)).toBe(1);
    expect(await queue.deadLetters.list(10)).toEqual(letters);
  });

  test('that are too large for SQS are in Redis', async () => {
    const { name } = await fresh();
    let isRefusing = false;
    const refusal = '{"__type":"com.amazonaws.sqs#InvalidParameterValue","message":"too long"}';
    const endpoint = await between((call, answer) => (call === 'SendMessage' && isRefusing ? refusal : answer));
    const queue = open(name, { endpoint });
    await (await queue.writer()).accept(request('o', 1));
    const batch = await (await queue.reader(LIMITS)).next();
    isRefusing = true;
    await batch!.acknowledge([{ index: 0, reason: 'made up' }]);
    expect(await queue.deadLetters.list(10)).toMatchObject([{ reason: 'made up' }]);
    expect(await messagesIn(name)).toBe(0);
  });
});

test('a message that is none of ours goes to the dead letters', async () => {
  const { queue, name } = await fresh();
  await sqs.send(new SendMessageCommand({ QueueUrl: urlOf(name), MessageBody: 'hello' }));
  const reader = await queue.reader(LIMITS);
  await (await reader.next())!.acknowledge();
  expect(await messagesIn(name)).toBe(0);
  expect(await queue.depth()).toMatchObject({ accepted: 0, lag: 0, deadLetters: 1 });
  expect((await queue.deadLetters.list(1))[0]!.record.payload).toBe('hello');
});

test('the largest request is what the queue takes', async () => {
  const { name } = await fresh();
  const endpoint = await between((call, answer) =>
    call === 'GetQueueAttributes' ? answer.replace('{"Attributes":{', '$&"MaximumMessageSize":"262144",') : answer,
  );
  const writer = await open(name, { endpoint }).writer();
  await writer.accept(request('fits', 1, 200_000));
  await expect(writer.accept(request('large', 1, 262_144))).rejects.toThrow(QueueRefusedError);
});

test('a connection that breaks during a send costs no request', async () => {
  const { name } = await fresh();
  let breaks = 0;
  const endpoint = await between((call, answer) => (call === 'SendMessage' && breaks++ === 0 ? undefined : answer));
  const writer = await open(name, { endpoint }).writer();
  let done = false;
  const accepted = writer.accept(request('o', 1)).finally(() => {
    done = true;
  });
  for (; !done; await setTimeout(1)) expect(writer.ready()).toBe(true);
  await accepted;
});

test('what SQS did not delete is deleted again, but not for ever', async () => {
  const { name } = await fresh();
  let deletions = 0;
  let failing = 1;
  const endpoint = await between((call, answer) => {
    if (call !== 'DeleteMessageBatch') return answer;
    deletions++;
    const Failed = failing-- > 0 ? [{ Id: '0', Code: 'InternalError', SenderFault: false }] : [];
    return JSON.stringify({ Successful: [], Failed });
  });
  const queue = open(name, { endpoint });
  const writer = await queue.writer();
  const reader = await queue.reader(LIMITS);
  await writer.accept(request('o', 5));
  await (await reader.next())!.acknowledge();
  expect(deletions).toBeGreaterThan(1);

  failing = Number.POSITIVE_INFINITY;
  await writer.accept(request('o', 5));
  await expect((await reader.next())!.acknowledge()).rejects.toThrow('SQS did not delete 1 messages');
  expect(await queue.depth()).toMatchObject({ accepted: 10, lag: 0 });
});

describe('the counts are repaired', () => {
  /** Compares them now, as a process does every minute. */
  const reconcile = async (name: string, options?: Partial<SqsQueueOptions>) => {
    await admin.del(sqsKeys(name).reconciled);
    await open(name, options).writer();
  };

  test('after a writer died before it sent what it had counted, also while others are busy', async () => {
    const { name, queue } = await fresh();
    await (await queue.writer()).accept(request('sent', 5));
    await admin.hincrby(sqsKeys(name).counts, 'accepted', 7);
    await admin.hincrby(sqsKeys(name).counts, 'lag', 7);
    await admin.zadd(sqsKeys(name).sending, Date.now() - 1_000, 'abc 7 0');
    await reconcile(name, { orphanMs: 60_000 });
    expect(await queue.depth()).toMatchObject({ accepted: 12, lag: 12 });
    await reconcile(name, { orphanMs: 100 });
    expect(await queue.depth()).toMatchObject({ accepted: 5, lag: 5 });
  });

  test('after a consumer died that had not counted what it deleted', async () => {
    const { name, queue } = await fresh();
    await admin
      .multi()
      .zadd(sqsKeys(name).waiting, Date.now() - 301_000, 'abc 7 100')
      .hset(sqsKeys(name).counts, { accepted: 7, lag: 7, lagBytes: 100 })
      .exec();
    await reconcile(name);
    expect(await queue.depth()).toMatchObject({ accepted: 7, lag: 0, lagBytes: 0 });
  });

  test('but not by what is being acknowledged', async () => {
    const { name, queue } = await fresh();
    await (await queue.writer()).accept(request('o', 5));
    const reader = await queue.reader(LIMITS);
    const batch = await reader.next();
    await reconcile(name);
    server.server.kill('SIGSTOP');
    const acknowledged = batch!.acknowledge();
    await until(async () => (await queue.depth()).lag === 0);
    server.server.kill('SIGCONT');
    await acknowledged;
    // SQS may still count it.
    await sqs.send(new SendMessageCommand({ QueueUrl: urlOf(name), MessageBody: 'late', DelaySeconds: 60 }));
    await reconcile(name);
    await reconcile(name);
    expect((await queue.depth()).lag).toBe(0);
    await reconcile(name);
    expect((await queue.depth()).lag).toBe(1);
  });

  test('after Redis lost them: to a record for each message at least, with the second look', async () => {
    const { queue, name } = await fresh();
    const writer = await queue.writer();
    for (let i = 0; i < 3; i++) await writer.accept(request('o', 5));
    await admin.flushall();
    expect((await queue.depth()).lag).toBe(0);
    await reconcile(name);
    await reconcile(name);
    expect((await queue.depth()).lag).toBe(3);
    const reader = await queue.reader(LIMITS);
    for (let found = 0; found < 15; ) {
      const batch = await reader.next();
      found += batch!.documents.count;
      await batch!.acknowledge();
    }
    await reconcile(name);
    expect((await queue.depth()).lag).toBe(0);
  });

  test('records that waited longer than SQS keeps them are lost, and reported', async () => {
    const { queue, name } = await fresh();
    const longAgo = Date.now() - 15 * 24 * 3_600_000;
    await admin
      .multi()
      .zadd(sqsKeys(name).waiting, longAgo, 'abc 7 100')
      .hset(sqsKeys(name).counts, { accepted: 7, lag: 7, lagBytes: 100 })
      .exec();
    expect((await queue.depth()).oldest).toBeUndefined();
    const batch = await (await queue.reader(LIMITS)).next();
    expect(batch).toMatchObject({ lost: 7, documents: { count: 0 } });
    expect(await queue.depth()).toMatchObject({ accepted: 7, lag: 0, oldest: { ageMs: 0 } });
  });

  test('while Redis is away, records are accepted and acknowledged all the same', async () => {
    const { queue, name } = await fresh();
    const writer = await queue.writer();
    const reader = await queue.reader(LIMITS);
    await writer.accept(request('before', 5));
    const batch = await reader.next();
    redis.server.kill('SIGSTOP');
    try {
      await writer.accept(request('during', 5));
      await batch!.acknowledge();
    } finally {
      redis.server.kill('SIGCONT');
    }
    await (await reader.next())!.acknowledge();
    await until(async () => (await queue.depth()).lag === 0);
    expect(await messagesIn(name)).toBe(0);
  });
});
