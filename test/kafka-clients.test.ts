// The examples of docs/kafka-clients.md, run as they stand there: what they send is stored, and they
// read what they sent.
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestConsumer, type TestConsumer } from '../apps/consumer/consumer.testing.ts';
import { KafkaQueue } from '../apps/shared/queue/kafka/queue.ts';
import { run } from '../tooling/run.ts';
import { databaseUrl, silent, startTestApi, type TestApi } from './api.ts';
import { clusterKafka, KAFKA_LOGIN } from './kafka-login.ts';
import { createTopics } from './kafka-topics.ts';
import { findPython, NO_PYTHON, pythonWith } from './python.ts';
import { useKafka, useMongo, useRedis } from './servers.ts';
import { until } from './until.ts';

const root = join(import.meta.dirname, '..');
const page = await readFile(join(root, 'docs/kafka-clients.md'), 'utf8');
/** The only block of code in a language. */
const exampleIn = (language: string): string => page.split(`\`\`\`${language}\n`)[1]!.split('```')[0]!;
const pinned = (command: string): string => new RegExp(`^ {4}${command} (\\S+)$`, 'm').exec(page)![1]!;

const cluster = await clusterKafka(3);
const kafka = useKafka(cluster.options);
const redis = useRedis();
const mongo = useMongo();

let folder: string;
let api: TestApi;
let consumer: TestConsumer;
let queue: KafkaQueue;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-clients-'));
  await symlink(join(root, 'apps/node_modules'), join(folder, 'node_modules'));
  await createTopics(kafka.url, 'posts', 3);
  const address = { brokers: kafka.url.split(','), name: 'posts', group: 'store', maxLength: 1_000, maxBytes: 1e9 };
  queue = new KafkaQueue(address, silent);
  const urls = { redisUrl: redis.url, mongoUrl: databaseUrl(mongo.url, 'clients') };
  consumer = await startTestConsumer({ queue, ...urls });
  const env = { KAFKA_BROKERS: kafka.url, REDIS_URL: urls.redisUrl, MONGO_URL: urls.mongoUrl };
  api = await startTestApi({ QUEUE_KIND: 'kafka', QUEUE_NAME: 'posts', ...env });
}, 120_000);
afterAll(async () => {
  await api?.stop();
  await consumer?.stop();
  await queue?.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** Runs an example, and expects that what it printed is stored as a record. */
async function expectStored(program: string, file: string, login: Readonly<Record<string, string>>): Promise<void> {
  const printed = await run(program, [file], { cwd: folder, env: login, timeoutMs: 90_000 });
  const sent = JSON.parse(printed) as { _id: string; createdAt: string };
  const stored = await until(async () => {
    const { status, body } = await api.call('GET', `/api/records/${sent._id}`);
    return status === 200 && body;
  });
  expect({ ...stored, createdAt: Date.parse(stored.createdAt) }).toEqual({
    ...sent,
    createdAt: Math.floor(Date.parse(sent.createdAt)),
  });
}

const login = { KAFKA_USERNAME: KAFKA_LOGIN.username, KAFKA_PASSWORD: KAFKA_LOGIN.password };
const places: [string, () => Record<string, string>][] = [
  ['without a login, as in the local run', () => ({ KAFKA_BROKERS: kafka.url })],
  ['with a login, as in the cluster', () => ({ KAFKA_BROKERS: cluster.clients, ...login })],
  ['with a login, from outside the cluster', () => ({ KAFKA_BROKERS: cluster.external, ...login })],
];

const python = findPython(process.env);
if (python === undefined) console.warn(`SKIPPED: the Python example is not tested: ${NO_PYTHON}`);
describe('Python', () => {
  if (python === undefined) test.skip(`is not tested: ${NO_PYTHON}`, () => undefined);
  else
    test.each(places)(
      '%s',
      async (_, place) => {
        const program = await pythonWith(python, pinned('pip install'));
        await writeFile(join(folder, 'example.py'), exampleIn('python'));
        await expectStored(program, 'example.py', place());
      },
      420_000,
    );
});

describe('TypeScript', () => {
  test.each(places)(
    '%s',
    async (_, place) => {
      await writeFile(join(folder, 'example.mts'), exampleIn('typescript'));
      await expectStored(process.execPath, 'example.mts', place());
    },
    120_000,
  );

  test('with the version of the client that the apps use', async () => {
    const { dependencies } = JSON.parse(await readFile(join(root, 'apps/package.json'), 'utf8'));
    expect(pinned('npm install')).toBe(`@platformatic/kafka@${dependencies['@platformatic/kafka']}`);
  });
});
