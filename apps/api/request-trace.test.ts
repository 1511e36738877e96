// The spans of requests that are not answered with 200.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { databaseUrl, startTestApi, type TestApi } from '../../test/api.ts';
import { OtlpReceiver } from '../../test/otlp-receiver.ts';
import { useMongo, useRedis } from '../../test/servers.ts';

const redis = useRedis();
const mongo = useMongo();
let receiver: OtlpReceiver;
let api: TestApi;
beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  api = await startTestApi({
    ...{ REDIS_URL: redis.url, MONGO_URL: databaseUrl(mongo.url, 'request-trace'), QUEUE_MAX_LENGTH: '1' },
    ...{ TRACING_ENDPOINT: receiver.url, TRACING_SAMPLE_RATIO: '1' },
  });
});
afterAll(() => receiver.close());

test('errors are named by their code, probes and statistics are not traced', async () => {
  const paths = ['/healthz', '/readyz', '/api/stats', '/api/data?secret=1', '/nowhere'];
  const answers = await Promise.all(paths.map((path) => api.call('GET', path, undefined, { 'x-request-id': 'r' })));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 503, 404]);
  await api.stop();

  const found = receiver.spans.map(({ name, failed, attributes }) => ({ name, failed, ...attributes }));
  const byName = Object.fromEntries(found.map((span) => [span.name, span]));
  expect(Object.keys(byName).toSorted()).toEqual(['GET /api/data', 'GET unmatched', `send ${api.settings.QUEUE_NAME}`]);
  expect(byName['GET /api/data']).toMatchObject({
    ...{ failed: true, 'error.type': 'QUEUE_FULL', 'http.response.status_code': 503 },
    ...{ 'url.path': '/api/data', 'breakwater.request_id': 'r' },
  });
  expect(byName[`send ${api.settings.QUEUE_NAME}`]).toMatchObject({ failed: true, 'error.type': 'QueueFullError' });
  expect(byName['GET unmatched']).toMatchObject({ failed: false, 'http.response.status_code': 404 });
  expect(JSON.stringify(receiver.spans)).not.toContain('secret');
});
