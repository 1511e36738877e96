import { describe, expect, test } from '@jest/globals';
import { isLasting, isReady, type Pod, restarts, rolledComponents } from './running-stack.ts';

const pod = (component: string, uid: string, more: Partial<Pod['metadata']> = {}, restartCount = 0): Pod => ({
  metadata: { name: `${component}-${uid}`, uid, labels: { 'app.kubernetes.io/name': component }, ...more },
  spec: { containers: [] },
  status: { phase: 'Running', containerStatuses: [{ restartCount }] },
});

describe('which components were rolled', () => {
  const before = [pod('api', 'a1'), pod('api', 'a2'), pod('kafka', 'k1'), pod('kafka', 'k2')];
  test.each<[string, Pod[], string[]]>([
    ['none', before, []],
    ['one', [pod('api', 'a3'), pod('api', 'a4'), pod('kafka', 'k1'), pod('kafka', 'k2')], ['api']],
    ['scaled up', [...before, pod('api', 'a3')], []],
    ['scaled down', [pod('api', 'a2'), pod('kafka', 'k1'), pod('kafka', 'k2')], []],
    ['gone', [pod('api', 'a1')], ['kafka']],
    ['new', [...before, pod('producer', 'p1')], []],
  ])('%s', (_name, after, expected) => expect(rolledComponents(before, after)).toEqual(expected));

  test('jobs do not count', () => {
    const job = pod('topics', 't1', { ownerReferences: [{ kind: 'Job' }] });
    expect(isLasting(job)).toBe(false);
    expect(rolledComponents([job], [])).toEqual([]);
  });
});

test('a pod that is being deleted does not last', () => {
  expect(isLasting(pod('api', 'a', { deletionTimestamp: '2026-01-01T00:00:00Z' }))).toBe(false);
  expect(isLasting(pod('api', 'a'))).toBe(true);
});

test.each([
  [undefined, false],
  [[{ type: 'Ready', status: 'False' }], false],
  [
    [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'True' },
    ],
    true,
  ],
])('ready by %j: %s', (conditions, expected) => {
  const one = pod('api', 'a');
  expect(isReady({ ...one, status: { ...one.status, ...(conditions && { conditions }) } })).toBe(expected);
});

test('restarts are added up', () => expect(restarts([pod('a', '1', {}, 2), pod('b', '2', {}, 1)])).toBe(3));
