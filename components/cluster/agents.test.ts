// Which agents come and go, and which must stay.
import { describe, expect, test } from '@jest/globals';
import {
  agentsOf,
  askRefusal,
  forgetGoneAgents,
  heldVolumes,
  labelStorageAgents,
  planAgents,
  refusal,
  removeAgents,
  untilApiAnswers,
} from './agents.ts';
import { fakeRun, inspected, linesOf } from './cluster.testing.ts';
import { parseContainers } from './containers.ts';

const row = (...indexes: readonly number[]) => indexes.map((index) => ({ name: `a${index}`, index }));

test('agents are found by role and put in order, whoever made them', () => {
  const containers = parseContainers(
    inspected([
      { name: 'k3d-c-agent-10-0' },
      { name: 'k3d-c-agent-2' },
      { name: 'k3d-c-server-0', role: 'server' },
      { name: 'k3d-c-agent-3-0', running: false },
      { name: 'k3d-c-serverlb', role: 'loadbalancer' },
    ]),
  );
  expect(agentsOf('c', containers)).toEqual([
    { name: 'k3d-c-agent-2', index: 2 },
    { name: 'k3d-c-agent-3-0', index: 3 },
    { name: 'k3d-c-agent-10-0', index: 10 },
  ]);
});

test.each([
  [[0, 1, 2], 3, [], []],
  [[0, 1, 2], 5, [3, 4], []],
  [[0, 1, 2], 1, [], ['a2', 'a1']],
  // A gap is filled first, and who comes last goes first.
  [[0, 2], 3, [1], []],
  [[0, 2, 5], 2, [], ['a5']],
  [[], 2, [0, 1], []],
])('agents %j, wanted %i: add %j, remove %j', (indexes, wanted, add, remove) => {
  expect(planAgents(row(...indexes), wanted)).toEqual({ add, remove });
});

const volume = (claim: string | undefined, ...nodes: readonly string[]) => ({
  spec: {
    ...(claim && { claimRef: { namespace: 'breakwater', name: claim } }),
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: nodes }] }],
      },
    },
  },
});

describe('volumes', () => {
  const list = JSON.stringify({
    items: [volume('data-kafka-2', 'a2'), volume('data-mongo-0', 'a0'), volume(undefined, 'a2'), { spec: {} }],
  });

  test('are found by the node that they lie on', () => {
    expect(heldVolumes(list, ['a2', 'a1'])).toEqual([{ node: 'a2', claim: 'breakwater/data-kafka-2' }]);
    expect(heldVolumes(list, ['a1'])).toEqual([]);
  });

  test('keep their node, and are named', () => {
    expect(refusal(1, [])).toBe('');
    expect(
      refusal(1, [
        { node: 'a2', claim: 'ns/x' },
        { node: 'a1', claim: 'ns/y' },
        { node: 'a2', claim: 'ns/z' },
      ]),
    ).toBe(
      'cluster:agents 1 would remove agents that hold data: a2 holds the volumes of ns/x, ns/z; a1 holds the volume of ns/y. Keep them, or delete first what uses the claims, and then the claims (kubectl delete pvc): their data is lost',
    );
  });

  test('are asked for only where an agent would go', async () => {
    const { run, calls } = fakeRun({ kubectl: list });
    expect(await askRefusal(run, '/k', 3, [])).toBe('');
    expect(calls).toEqual([]);
    expect(await askRefusal(run, '/k', 2, ['a2'])).toContain('breakwater/data-kafka-2');
  });
});

describe('removing agents', () => {
  test('all are closed to pods, then each is drained, deleted and forgotten', async () => {
    const { run, calls } = fakeRun({});
    await removeAgents(run, '/k', ['a4', 'a3']);
    expect(
      linesOf(calls).map((line) => line.replace('--kubeconfig=/k ', '').replace('--request-timeout=30s ', '')),
    ).toEqual([
      'kubectl cordon a4 a3',
      'kubectl drain a4 --ignore-daemonsets --delete-emptydir-data --force --timeout=180s',
      'k3d node delete a4',
      'kubectl delete node a4 --ignore-not-found',
      'kubectl drain a3 --ignore-daemonsets --delete-emptydir-data --force --timeout=180s',
      'k3d node delete a3',
      'kubectl delete node a3 --ignore-not-found',
    ]);
  });

  test('one that does not drain stays, and takes pods again with the rest', async () => {
    const { run, calls } = fakeRun({ 'kubectl --kubeconfig=/k drain a3': new Error('Cannot evict pod') });
    await expect(removeAgents(run, '/k', ['a4', 'a3', 'a2'])).rejects.toThrow('Cannot evict pod');
    expect(linesOf(calls, 'k3d')).toEqual(['k3d node delete a4']);
    expect(linesOf(calls).at(-1)).toBe('kubectl --kubeconfig=/k --request-timeout=30s uncordon a3 a2');
  });

  test('none is nothing to do', async () => {
    const { run, calls } = fakeRun({});
    await removeAgents(run, '/k', []);
    expect(calls).toEqual([]);
  });
});

test('the first three agents hold volumes', async () => {
  const { run, calls } = fakeRun({});
  await labelStorageAgents(run, '/k', row(0, 1, 2, 3));
  expect(linesOf(calls)).toEqual([
    'kubectl --kubeconfig=/k --request-timeout=30s label --overwrite node a0 a1 a2 breakwater/storage=true',
  ]);
});

test('a Node object without its agent is deleted; servers and agents that are there are left alone', async () => {
  const { run, calls } = fakeRun({
    'kubectl --kubeconfig=/k --request-timeout=30s get nodes': 'k3d-c-server-0 k3d-c-agent-0 k3d-c-agent-1',
  });
  await forgetGoneAgents(run, '/k', 'c', [{ name: 'k3d-c-agent-0', index: 0 }]);
  expect(linesOf(calls, 'kubectl --kubeconfig=/k --request-timeout=30s delete')).toEqual([
    'kubectl --kubeconfig=/k --request-timeout=30s delete node k3d-c-agent-1 --ignore-not-found',
  ]);
});

describe('the Kubernetes API', () => {
  test('is asked until it answers', async () => {
    let times = 0;
    const { run, calls } = fakeRun({
      kubectl: () => {
        times += 1;
        return times < 3 ? new Error('refused') : 'ok';
      },
    });
    await untilApiAnswers(run, '/k');
    expect(calls).toHaveLength(3);
  });

  test('that never answers is an error', async () => {
    const { run } = fakeRun({ kubectl: new Error('refused') });
    await expect(untilApiAnswers(run, '/k', 0)).rejects.toThrow('refused');
  });
});
