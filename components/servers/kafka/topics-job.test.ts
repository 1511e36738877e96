// The topics job: it runs again when its input changes, and fails at once if a retry cannot help.
import { beforeEach, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../../config/parse.ts';
import { Collector } from '../../program.testing.ts';
import { TopicsJob } from './topics-job.ts';

let collector: Collector;
beforeEach(() => {
  collector = new Collector();
});

const make = (environment: Record<string, string> = { TOPICS: '[]' }) =>
  new TopicsJob('topics', {
    config: parseStackConfig({}),
    namespace: 'shop',
    image: 'topics@sha256:1',
    environment,
    login: [{ variable: 'KAFKA_PASSWORD', secret: 'client', key: 'password' }],
  });

test('its plan is an immutable ConfigMap without a fixed name: another plan is another job', async () => {
  make({ TOPICS: '[1]', BROKER_COUNT: '3' });
  const config = await collector.inputsOf('ConfigMap', 'topics-config');
  expect(config).toMatchObject({ immutable: true, data: { TOPICS: '[1]', BROKER_COUNT: '3' } });
  expect(config.metadata).not.toHaveProperty('name');
  const { metadata, spec } = await collector.inputsOf('Job', 'topics');
  // A fixed name: the old job is deleted first, so that two never run at the same time.
  expect(metadata.name).toBe('topics');
  expect(spec.template.spec.containers[0].envFrom).toEqual([{ configMapRef: { name: 'topics-config-0123abcd' } }]);
  // An expired job would be created again.
  expect(spec).not.toHaveProperty('ttlSecondsAfterFinished');
});

test('a refusal ends it, any other error is retried; it ends before Pulumi stops waiting', async () => {
  make();
  const { spec } = await collector.inputsOf('Job', 'topics');
  expect(spec.backoffLimit).toBe(3);
  expect(spec.podFailurePolicy.rules).toEqual([
    { action: 'FailJob', onExitCodes: { containerName: 'topics', operator: 'In', values: [2] } },
  ]);
  expect(spec.activeDeadlineSeconds).toBeGreaterThan(1_800);
  // Kubernetes requires it for failure policies.
  expect(spec.template.spec.restartPolicy).toBe('Never');
});

test('every job of the app has the label that the network policy selects', async () => {
  make();
  const { spec } = await collector.inputsOf('Job', 'topics');
  expect(spec.template.metadata.labels).toMatchObject({ 'app.kubernetes.io/name': 'topics' });
});
