import { expect, test } from '@jest/globals';
import { memoryInWords } from './machine.ts';

test('memory of the containers of one cluster', () => {
  const printed = [
    'k3d-shop-server-0\t1.5GiB / 15.6GiB',
    'k3d-shop-agent-0\t512MiB / 15.6GiB',
    'k3d-shop-serverlb\t768KiB / 15.6GiB',
    'k3d-shop2-server-0\t9GiB / 15.6GiB',
    'postgres\t80MiB / 15.6GiB',
  ].join('\n');
  expect(memoryInWords(printed, 'shop')).toBe('2049 MiB: agent-0 512, server-0 1536, serverlb 1');
});
