// A server: what makes it keep its data, roll when its files change, and never block a drain.
import { expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { Collector } from '../program.testing.ts';
import { Server, type ServerArgs } from './server.ts';

async function declare(args: Partial<ServerArgs>) {
  const collector = new Collector();
  new Server('redis', {
    namespace: 'shop',
    pod: {
      config: parseStackConfig({}),
      userId: 999,
      containers: [{ name: 'redis', image: 'redis:8', memoryMiB: 100 }],
    },
    ...args,
  });
  const types = (await collector.all()).map(({ type }) => type.split(':').at(-1)).sort();
  return { collector, types };
}

const volume = { sizeGiB: 16, protect: false };

test('with a volume: one pod, its claim, its files and its Service, without a disruption budget', async () => {
  const { collector, types } = await declare({ port: 6379, files: { 'a.conf': 'x' }, volume });
  expect(types).toEqual(['ConfigMap', 'Server', 'Service', 'StatefulSet']);
  const set = await collector.inputsOf('StatefulSet', 'redis');
  expect(set.metadata).toMatchObject({ name: 'redis', namespace: 'shop' });
  expect(set.spec).toMatchObject({ replicas: 1, serviceName: 'redis', podManagementPolicy: 'Parallel' });
  expect(set.spec.volumeClaimTemplates).toEqual([
    expect.objectContaining({
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Gi' } } },
    }),
  ]);
  const service = await collector.inputsOf('Service', 'redis');
  expect(service.spec).toMatchObject({ ports: [{ port: 6379, targetPort: 'main' }] });
  expect(service.spec.selector).toEqual(set.spec.selector.matchLabels);
  // Named after their content: a change creates another one, and the pod that mounts it rolls.
  const files = await collector.inputsOf('ConfigMap', 'redis-files');
  expect(files).toMatchObject({ immutable: true, data: { 'a.conf': 'x' } });
  expect(set.spec.template.spec.volumes).toContainEqual({
    name: 'files',
    configMap: { name: 'redis-files-0123abcd' },
  });
});

test('a volume of a class, on nodes with a label', async () => {
  const { collector } = await declare({
    volume: { ...volume, storageClass: 'fast', storageNodes: { 'breakwater/storage': 'true' } },
  });
  const { spec } = await collector.inputsOf('StatefulSet', 'redis');
  expect(spec.volumeClaimTemplates[0].spec.storageClassName).toBe('fast');
  expect(spec.template.spec.nodeSelector).toEqual({ 'breakwater/storage': 'true' });
});

test('without a volume, files and port: a Deployment alone, never without a pod during a roll', async () => {
  const { collector, types } = await declare({});
  expect(types).toEqual(['Deployment', 'Server']);
  const { spec } = await collector.inputsOf('Deployment', 'redis');
  expect(spec).toMatchObject({ replicas: 1, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
  expect(spec.template.spec.volumes).not.toContainEqual(expect.objectContaining({ name: 'files' }));
});

test('files in folders: the ConfigMap has flat keys, the volume has the paths', async () => {
  const { collector } = await declare({ files: { 'a/b.yaml': 'x', 'c.yaml': 'y' } });
  const { data } = await collector.inputsOf('ConfigMap', 'redis-files');
  expect(data).toEqual({ 'a__b.yaml': 'x', 'c.yaml': 'y' });
  const { spec } = await collector.inputsOf('Deployment', 'redis');
  expect(spec.template.spec.volumes).toContainEqual({
    name: 'files',
    configMap: {
      name: 'redis-files-0123abcd',
      items: [
        { key: 'a__b.yaml', path: 'a/b.yaml' },
        { key: 'c.yaml', path: 'c.yaml' },
      ],
    },
  });
});
