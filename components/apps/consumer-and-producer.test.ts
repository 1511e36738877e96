// The consumer and the producer in the cluster: how many pods there are and what rolls them.
import { expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { Collector } from '../testing.ts';
import { Consumer } from './consumer.ts';
import { Producer } from './producer.ts';

const common = { namespace: 'breakwater', image: 'image@sha256:0', secretFiles: [] };

test("the consumer's number of pods is KEDA's: Pulumi never says one", async () => {
  const collector = new Collector();
  const config = parseStackConfig({ 'consumer:memoryMiB': 300 });
  new Consumer('consumer', { ...common, environment: { CONSUMER_BATCH_SIZE: '1' }, config });
  const { spec } = await collector.inputsOf('Deployment', 'consumer');
  expect(spec.replicas).toBeUndefined();
  expect(spec.template.spec.containers[0].resources.limits).toEqual({ memory: '300Mi' });
  expect((await collector.all(':Service')).map(({ name }) => name)).toEqual(['consumer-pods']);
});

test('the producer never runs twice, and its rate is part of its config', async () => {
  const collector = new Collector();
  new Producer('producer', { ...common, environment: { PRODUCER_RATE: '120' } });
  const { spec } = await collector.inputsOf('Deployment', 'producer');
  expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  const config = await collector.inputsOf('ConfigMap', 'producer-config');
  expect(config.data).toEqual({ PRODUCER_RATE: '120' });
  expect(spec.template.spec.containers[0].envFrom).toEqual([
    { configMapRef: { name: expect.stringMatching(/^producer-config-/) } },
  ]);
});
