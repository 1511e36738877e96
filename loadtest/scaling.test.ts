import { describe, expect, test } from '@jest/globals';
import { until } from '../test/until.ts';
import { Kubectl } from '../tooling/cluster/kubectl.ts';
import type { Run } from '../tooling/run.ts';
import { describeScaling, ScalingWatch, scalingOf } from './scaling.ts';

const at = (t: number, wanted: number, ready: number) => ({ t, wanted, ready });

describe('from load to pods', () => {
  test.each([
    ['none when nothing changes', [at(0, 2, 2)], null],
    ['none when pods only go', [at(0, 3, 3), at(9, 2, 2)], null],
    ['none without a cluster', [], null],
    [
      'the decision, the first pod and all of them',
      [at(0, 2, 2), at(30, 4, 2), at(36, 4, 3), at(40, 6, 4), at(70, 6, 6), at(400, 2, 2)],
      { before: 2, most: 6, decided: 30, firstReady: 36, allReady: 70 },
    ],
    [
      'pods that do not become ready',
      [at(0, 2, 2), at(10, 3, 1)],
      { before: 2, most: 2, decided: 10, firstReady: null, allReady: null },
    ],
    [
      'consumers from zero',
      [at(0, 0, 0), at(5, 1, 0), at(8, 1, 1)],
      { before: 0, most: 1, decided: 5, firstReady: 8, allReady: 8 },
    ],
  ])('%s', (_name, moments, expected) => {
    expect(scalingOf('api', moments)).toEqual(expected && { app: 'api', ...expected });
  });
  test('in words', () => {
    const scaling = { app: 'api', before: 1, most: 2, decided: 30, firstReady: 36.5, allReady: null };
    expect(describeScaling(scaling)).toMatch(/^decided after 30(\.0)? s, first ready after 36\.5 s, all ready not$/);
  });
});

test('kubectl tells each change; a watch that ends is begun again', async () => {
  let now = 0;
  const watches: { print: (text: string) => void; end: () => void }[] = [];
  const run: Run = (_program, args, { onOutput, signal } = {}) =>
    new Promise((_, reject) => {
      expect(args.join(' ')).toContain('get --namespace ns deployment/api --watch');
      const end = () => reject(new Error('the watch ended'));
      signal!.addEventListener('abort', end);
      watches.push({ print: onOutput!, end });
    });
  const watch = new ScalingWatch(new Kubectl({ kubeconfigPath: '/k' }, run), { api: 'ns' }, () => now);
  watches[0]!.print('2 2\n4 ');
  now = 31;
  watches[0]!.print('2\nerror: something\n');
  watches[0]!.end();
  await until(() => watches.length === 2);
  now = 50;
  watches[1]!.print('4 4\n');
  expect(await watch.stop()).toEqual([{ app: 'api', before: 2, most: 4, decided: 31, firstReady: 50, allReady: 50 }]);
  expect(await watch.stop()).toHaveLength(1);
});
