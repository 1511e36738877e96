// What the apps log, as real processes: one id finds a record's whole way, and no payload or secret
// is ever written.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { databaseUrl, silent, uniqueName } from '../../test/api.ts';
import { appEnvironment } from '../../test/app-environment.ts';
import { killIfRunning, nodeArgs } from '../../test/processes.ts';
import { useMongo, useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { isUp } from '../../tooling/http.ts';
import { freePort } from '../../tooling/ports.ts';
import { payloadFor } from './payload.ts';
import { connectRedis, redisReady } from './redis.ts';

const CANARY = 'canary-payload-5b1e';
const SECRET = 'canary-secret-91c4';

const redis = useRedis();
const mongo = useMongo();

interface Line {
  level: string;
  app: string;
  msg: string;
  time: string;
  requestId?: string;
  origin?: string;
  /** Ids (API), or ids with their origins (consumer). */
  records?: string[] | Record<string, string>;
}

type App = 'api' | 'consumer' | 'gate' | 'producer' | 'topics';

/** An app whose output is kept. */
class LoggedApp {
  readonly child: ChildProcess;
  text = '';

  constructor(app: App, env: Record<string, string>) {
    this.child = spawn(process.execPath, nodeArgs(`apps/${app}/main.ts`), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, ...appEnvironment(app, { LOG_LEVEL: 'trace', ...env }) },
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (chunk) => (this.text += chunk));
    }
  }

  /** Every whole line that is JSON. */
  lines(): Line[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  }

  async says(msg: string, where: (line: Line) => boolean = () => true): Promise<Line> {
    return until(() => this.lines().find((line) => line.msg === msg && where(line)), 30_000);
  }
}

describe('logs', () => {
  const name = uniqueName('posts');
  const apps: LoggedApp[] = [];
  let url: string;
  let api: LoggedApp;
  let consumer: LoggedApp;
  let connection: Redis;
  let client: MongoClient;

  const run = (app: App, env: Record<string, string>): LoggedApp => {
    const running = new LoggedApp(app, env);
    apps.push(running);
    return running;
  };
  const post = (headers: Record<string, string>, body: string) =>
    fetch(`${url}/api/records`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  const recordOf = (payload: string) => JSON.stringify({ records: [{ payload }] });

  beforeAll(async () => {
    const port = await freePort();
    const gatePort = await freePort();
    url = `http://127.0.0.1:${port}`;
    const queue = {
      QUEUE_KIND: 'redis-streams',
      QUEUE_NAME: name,
      REDIS_URL: redis.url,
      // This Redis wants no password: it complains about one, and says which.
      REDIS_PASSWORD: SECRET,
    };
    const upstream = new URL(mongo.url).host;
    const mongoUrl = databaseUrl(`mongodb://127.0.0.1:${gatePort}/`, 'logs');
    run('gate', { GATE_UPSTREAM: upstream, GATE_PORT: String(gatePort), MONGO_IOPS: '0' });
    api = run('api', {
      ...queue,
      MONGO_URL: mongoUrl,
      API_PORT: String(port),
      KAFKA_PASSWORD: SECRET,
    });
    consumer = run('consumer', { ...queue, MONGO_URL: mongoUrl, MONGO_WRITES_PER_SECOND: '0' });
    run('producer', { ...queue, PRODUCER_RATE: '20', PAYLOAD_CHARS: '64' });
    connection = connectRedis({ url: redis.url, name: 'test' }, silent);
    await redisReady(connection);
    client = new MongoClient(databaseUrl(mongo.url, 'logs'));
    await until(() => isUp(`${url}/readyz`), 60_000);
  }, 120_000);
  afterAll(async () => {
    for (const { child } of apps) killIfRunning(child);
    connection?.disconnect();
    await client?.close();
  });

  test('the request id of the answer finds the record in the API, the consumer and the store', async () => {
    const answer = await post({ 'x-request-id': 'trail-1' }, recordOf('one thing'));
    expect(answer.headers.get('x-request-id')).toBe('trail-1');
    const { ids } = (await answer.json()) as { ids: [string] };

    const accepted = await api.says('accepted', ({ requestId }) => requestId === 'trail-1');
    expect(accepted).toMatchObject({ level: 'debug', app: 'api', origin: 'trail-1', records: ids });
    for (const what of ['stored', 'acknowledged']) {
      const line = await consumer.says(what, ({ records }) => Object.keys(records ?? {}).includes(ids[0]));
      expect(line).toMatchObject({ level: 'debug', app: 'consumer', records: { [ids[0]]: 'trail-1' } });
    }
    expect(await client.db().collection('records').findOne({ origin: 'trail-1' })).toMatchObject({ _id: ids[0] });
  });

  test("a caller's own origin stands beside the request id", async () => {
    await post({ 'x-request-id': 'trail-2', 'x-origin': 'shop/42' }, recordOf('another'));
    await api.says('accepted', ({ requestId, origin }) => requestId === 'trail-2' && origin === 'shop/42');
    await consumer.says('stored', ({ records }) => Object.values(records ?? {}).includes('shop/42'));
  });

  test('no payload and no secret is written, whatever goes wrong, at the most talkative level', async () => {
    // A record that MongoDB refuses, quoting the payload.
    await client.db().collection('records').createIndex({ payload: 1 }, { unique: true, sparse: true });
    for (const round of ['first', 'again']) {
      const answer = await post({ 'x-request-id': `dead-${round}` }, recordOf(`${CANARY} of a refused record`));
      expect(answer.status).toBe(202);
    }
    await consumer.says(
      'the store refused a record; it goes to the dead letters',
      ({ origin }) => origin === 'dead-again',
    );
    // An entry that is no record, in the queue.
    await connection.set('group:poison', `${CANARY} of a poisoned entry`);
    await connection.xadd(`${name}:groups`, '*', 'g', 'poison', 'n', 1, 'b', 100);
    await consumer.says('an entry holds no records; it goes to the dead letters');
    // Bodies that the API refuses.
    expect((await post({}, `{"payload": ${CANARY}`)).status).toBe(400);
    expect((await post({}, JSON.stringify({ records: [{ payloda: CANARY }] }))).status).toBe(400);
    expect((await post({ 'content-type': 'application/x-www-form-urlencoded' }, CANARY)).status).toBe(400);

    // Apps that cannot do their work.
    const kafka = { KAFKA_BROKERS: '127.0.0.1:1', KAFKA_USERNAME: 'apps', KAFKA_PASSWORD: SECRET };
    const topics = '[{"name":"posts","partitions":1,"replicationFactor":1,"config":{}}]';
    const broken = [
      run('topics', { ...kafka, TOPICS: topics, BROKERS_TIMEOUT_SECONDS: '0' }),
      run('producer', { ...kafka, QUEUE_KIND: 'kafka', PRODUCER_RATE: '1' }),
      run('consumer', {
        QUEUE_KIND: 'redis-streams',
        REDIS_PASSWORD: SECRET,
        REDIS_URL: `redis://apps:${SECRET}@127.0.0.1:1`,
      }),
      run('api', { QUEUE_KIND: 'nothing', REDIS_PASSWORD: SECRET, MONGO_PASSWORD: SECRET }),
    ];
    await Promise.all(broken.filter(({ child }) => child.exitCode === null).map(({ child }) => once(child, 'exit')));
    for (const { child, text } of broken)
      expect({ text, failed: child.exitCode !== 0 }).toMatchObject({ failed: true });
    // A MongoDB that refuses the user.
    const stranger = run('consumer', {
      QUEUE_KIND: 'redis-streams',
      QUEUE_NAME: uniqueName('posts'),
      REDIS_URL: redis.url,
      MONGO_URL: databaseUrl(mongo.url, 'logs'),
      MONGO_USERNAME: 'apps',
      MONGO_PASSWORD: SECRET,
    });
    await stranger.says('consuming');

    const written = apps.flatMap(({ text }) => text.split('\n'));
    expect(written.length).toBeGreaterThan(50);
    expect(written.filter((line) => line.includes('canary'))).toEqual([]);
    // What the producer makes itself.
    const origin = (await client.db().collection('records').findOne({ type: 'message' }))?.origin;
    const payload = payloadFor(origin, 0, 64);
    expect(written.filter((line) => line.includes(origin))).not.toEqual([]);
    expect(written.filter((line) => line.includes(payload))).toEqual([]);
  }, 120_000);

  test('every line has a time, a level, its app and a message', () => {
    const lines = apps.flatMap((app) => app.lines());
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(line).toMatchObject({ level: expect.any(String), app: expect.any(String), msg: expect.any(String) });
      expect(Date.parse(line.time)).not.toBeNaN();
    }
  });
});
