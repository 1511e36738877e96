import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { silent } from '../../test/api.ts';
import { createCatalogue } from './catalogue.ts';
import { createApiMetrics } from './metrics.ts';
import { cacheAccepted, RecordWriter } from './record-writer.ts';
import { createZipf } from './zipf.ts';

test('a cache that fails never fails an accepted write', async () => {
  const metrics = createApiMetrics(new Registry());
  const broken = { putPending: () => Promise.reject(new Error('away')) };
  await cacheAccepted(broken, metrics, silent)('0'.repeat(21), Buffer.alloc(0));
  expect((await metrics.cacheErrors.get()).values[0]!.value).toBe(1);
});

test('what takes a place in the catalogue is kept beyond its group', async () => {
  const kept: [id: string, bytes: number][] = [];
  const cache = { keep: async (id: string, size: number) => void kept.push([id, size]) };
  const queue = { accept: async () => ['a', 'b', 'c'], ready: () => true, close: async () => undefined };
  const catalogue = createCatalogue(1, createZipf(1, 1), () => 0.4); // slots 0 of 2 and 1 of 3
  const writer = new RecordWriter(queue, catalogue, cache, createApiMetrics(new Registry()), silent);
  await writer.write({ type: 'post', origin: 'o', payloads: ['1', 'žž', '3'] }, { requestId: 'r' });
  expect(kept).toEqual([
    ['a', 1],
    ['b', 4],
  ]);
});
