import { expect, test } from '@jest/globals';
import type { Cluster } from './cluster.ts';
import type { Step } from './plan.ts';
import { take } from './waiting.ts';

test('a move has ended when the broker that is asked knows of it, not when the controllers do', async () => {
  const move: Step = { kind: 'move', topic: 'theirs', partition: 0, from: [3, 0], to: [0, 1] };
  const answers = [
    [0, 1, 3],
    [0, 1, 3],
    [0, 1],
  ];
  const cluster = {
    apply: async () => {},
    moving: async () => [],
    partitions: async () => [{ replicas: answers.shift(), leader: 0, isr: [0] }],
  } as unknown as Cluster;
  const options = { dryRun: false, brokersTimeoutMs: 0, movesTimeoutMs: 1_000, print: () => {}, pollMs: 1 };
  await take([move], cluster, options);
  expect(answers).toEqual([]);
});
