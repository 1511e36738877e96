// The gate in the cluster: one at a time, before MongoDB.
import { expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { addressesOf } from '../network/addresses.ts';
import { Collector } from '../testing.ts';
import { Gate } from './gate.ts';

test('never two at once: they would let twice the limit through', async () => {
  const collector = new Collector();
  const config = parseStackConfig({ 'cluster:namespace': 'shop', 'gate:port': 28_000 });
  new Gate('gate', { namespace: 'shop', image: 'gate@sha256:0', config, addresses: addressesOf(config) });
  const { spec } = await collector.inputsOf('Deployment', 'gate');
  expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  const ports = (await collector.inputsOf('Service', 'gate')).spec.ports.map(({ port }: { port: number }) => port);
  expect(ports).toEqual([28_000, 9464]);
  expect((await collector.inputsOf('ConfigMap', 'gate-config')).data).toMatchObject({
    GATE_UPSTREAM: 'mongo.shop.svc:27017',
    GATE_PORT: '28000',
    MONGO_IOPS: '100',
  });
});
