// One trace of a record, from the request to the store, through real processes.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { QueueSettings } from '../apps/shared/queue/create.ts';
import { caller, databaseUrl } from './api.ts';
import { DataPath } from './data-path.ts';
import { OtlpReceiver } from './otlp-receiver.ts';
import { type ServerFixture, useKafka, useMongo, useRedis } from './servers.ts';
import { until } from './until.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';

const redis = useRedis();
const mongo = useMongo();

function traced(kind: QueueSettings['QUEUE_KIND'], system: string, kafka?: ServerFixture): void {
  describe(`on ${kind}`, () => {
    let receiver: OtlpReceiver;
    let path: DataPath;
    beforeAll(async () => {
      receiver = await OtlpReceiver.start();
      const mongoUrl = databaseUrl(mongo.url, `tracing-${kind}`);
      const both = { TRACING_ENDPOINT: receiver.url, TRACING_SAMPLE_RATIO: '0' };
      path = await DataPath.start({ redis, kafka, mongoUrl, both });
    }, 120_000);
    afterAll(async () => {
      await path?.stop();
      await receiver?.close();
    });

    test('the trace of a caller leads from its request to the store', async () => {
      const call = caller(path.url);
      const body = { records: [{ payload: 'a' }, { payload: 'b' }] };
      expect((await call('POST', '/api/records', body)).status).toBe(202);
      const { body: answer } = await call('POST', '/api/records', body, { traceparent: `00-${TRACE}-${CALLER}-01` });
      await until(() => receiver.trace(TRACE).length >= 4, 60_000);
      await until(async () => (await path.queue.depth()).lag === 0);

      const span = (name: string) => receiver.trace(TRACE).find((each) => each.name === name)!;
      const server = span('POST /api/records');
      expect(server).toMatchObject({
        ...{ service: 'breakwater-api', parentSpanId: CALLER, kind: 2, failed: false },
        attributes: { 'http.request.method': 'POST', 'http.route': '/api/records', 'http.response.status_code': 202 },
      });
      const { name: posts } = receiver.trace(TRACE).find(({ name }) => name.startsWith('send '))!;
      const queue = posts.replace('send ', '');
      const messaging = { 'messaging.system': system, 'messaging.destination.name': queue };
      const send = span(posts);
      expect(send).toMatchObject({
        ...{ service: 'breakwater-api', parentSpanId: server.spanId, kind: 4 },
        attributes: { ...messaging, 'messaging.operation.type': 'send', 'breakwater.record_ids': answer.ids },
      });
      const processed = span(`process ${queue}`);
      expect(processed).toMatchObject({
        ...{ service: 'breakwater-consumer', parentSpanId: send.spanId, kind: 5, failed: false },
        attributes: { ...messaging, 'messaging.operation.type': 'process', 'messaging.consumer.group.name': 'store' },
      });
      expect(span('insert records')).toMatchObject({
        ...{ service: 'breakwater-consumer', parentSpanId: processed.spanId, kind: 3, failed: false },
        attributes: { 'db.system.name': 'mongodb', 'db.collection.name': 'records' },
      });
      // The other request is not sampled.
      expect(receiver.spans).toHaveLength(4);
    });
  });
}

traced('redis-streams', 'redis');
traced('kafka', 'kafka', useKafka());
