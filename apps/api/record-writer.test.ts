import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { silent } from '../../test/api.ts';
import { makeGroup } from '../shared/group.ts';
import { createApiMetrics } from './metrics.ts';
import { cacheAccepted } from './record-writer.ts';

test('a cache that fails never fails an accepted write', async () => {
  const metrics = createApiMetrics(new Registry());
  const broken = { putPending: () => Promise.reject(new Error('away')) };
  const group = makeGroup('0'.repeat(21), [{ type: 'post', origin: 'o', payloads: ['a'] }]);
  await cacheAccepted(broken, metrics, silent)(group);
  expect((await metrics.cacheErrors.get()).values[0]!.value).toBe(1);
});
