// A server of one pod: what makes it keep its data, roll when its files change, and never block a drain.
import { expect, test } from '@jest/globals';
import { Collector } from '../testing.ts';
import { SingleServer } from './single-server.ts';

async function declared(volume: object, files: Record<string, string> = { 'a.conf': 'x' }) {
  const collector = new Collector();
  new SingleServer('redis', {
    namespace: 'shop',
    port: 6379,
    files,
    volume: { sizeGiB: 16, protect: false, ...volume },
    pod: { userId: 999, containers: [{ name: 'redis', image: 'redis:8', memoryMiB: 100 }] },
  });
  return {
    set: await collector.inputsOf('StatefulSet', 'redis'),
    service: await collector.inputsOf('Service', 'redis'),
    files: await collector.inputsOf('ConfigMap', 'redis-files'),
    types: (await collector.all()).map(({ type }) => type.split(':').at(-1)).sort(),
  };
}

test('one pod, its claim, its files and its service; no disruption budget', async () => {
  const { set, service, files, types } = await declared({});
  expect(types).toEqual(['ConfigMap', 'Service', 'SingleServer', 'StatefulSet']);
  expect(set.metadata).toMatchObject({ name: 'redis', namespace: 'shop' });
  expect(set.spec).toMatchObject({ replicas: 1, serviceName: 'redis', podManagementPolicy: 'Parallel' });
  expect(set.spec.volumeClaimTemplates).toEqual([
    expect.objectContaining({
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Gi' } } },
    }),
  ]);
  expect(service.spec).toMatchObject({ ports: [{ port: 6379, targetPort: 'main' }] });
  expect(service.spec.selector).toEqual(set.spec.selector.matchLabels);
  // Named after their content: a change makes new ones, and the pod that mounts them rolls.
  expect(files).toMatchObject({ immutable: true, data: { 'a.conf': 'x' } });
  expect(set.spec.template.spec.volumes).toContainEqual({
    name: 'files',
    configMap: { name: 'redis-files-0123abcd' },
  });
});

test('volumes of a class, on nodes of a label', async () => {
  const { set } = await declared({ storageClass: 'fast', storageNodes: { 'breakwater/storage': 'true' } });
  expect(set.spec.volumeClaimTemplates[0].spec.storageClassName).toBe('fast');
  expect(set.spec.template.spec.nodeSelector).toEqual({ 'breakwater/storage': 'true' });
});
