import { afterEach, expect, test } from '@jest/globals';
import { createLogger } from '../logger.ts';
import { SettingsError } from '../settings.ts';
import { createQueue, type QueueSettings } from './create.ts';
import type { Queue } from './queue.ts';

const logger = createLogger('test', 'silent');
const settings: QueueSettings = {
  QUEUE_KIND: 'kafka',
  QUEUE_NAME: 'posts',
  QUEUE_GROUP: 'store',
  QUEUE_MAX_BYTES: 1e9,
  QUEUE_MAX_LENGTH: 10,
  REDIS_URL: 'redis://127.0.0.1:1',
};
let queue: Queue | undefined;
afterEach(() => queue?.close());

test.each<[QueueSettings['QUEUE_KIND'], Partial<QueueSettings>]>([
  ['kafka', { KAFKA_BROKERS: ['127.0.0.1:1'] }],
  ['redis-streams', {}],
  ['sqs', { SQS_QUEUE_URL: 'http://127.0.0.1:1/q', SQS_REGION: 'r' }],
])('the kind decides: %s', (kind, more) => {
  queue = createQueue({ ...settings, QUEUE_KIND: kind, ...more }, logger);
  expect(queue.kind).toBe(kind);
});

test('Kafka without brokers is refused', () => {
  expect(() => createQueue(settings, logger)).toThrow(SettingsError);
  expect(() => createQueue(settings, logger)).toThrow('KAFKA_BROKERS');
});

test('SQS without a queue is refused', () => {
  expect(() => createQueue({ ...settings, QUEUE_KIND: 'sqs' }, logger)).toThrow('SQS_QUEUE_URL');
});

test('a queue that nobody answers for says so and can be closed', async () => {
  queue = createQueue({ ...settings, KAFKA_BROKERS: ['127.0.0.1:1'] }, logger);
  await expect(queue.depth()).rejects.toThrow();
  await expect(queue.writer()).rejects.toThrow(/ECONNREFUSED/);
}, 20_000);
