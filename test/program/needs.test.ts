// What a stack takes: the figures that doctor and the preview weigh are those of the manifests, and
// the stacks for laptops fit them.
import { describe, expect, test } from '@jest/globals';
import { podNeeds, stackNeeds } from '../../components/stack/needs.ts';
import { loadStackConfig, stackNames } from '../../config/load.ts';
import type { Declared } from './declare.ts';
import { declareStack, root } from './stacks.ts';
import { autoscalersOf, type Container, containersOf, manifestOf, ofKind, podsOf } from './workloads.ts';

const number = (quantity: unknown): number => Number.parseInt(String(quantity ?? 0), 10);
const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0);

/** The same as `podNeeds`, from what a stack declares. */
function declaredNeeds(declared: readonly Declared[]) {
  const workloads = podsOf(declared)
    .filter(({ longRunning }) => longRunning)
    .map((pods) => {
      const scaler = autoscalersOf(declared).find(
        ({ namespace, target }) => namespace === pods.namespace && target === pods.name,
      );
      const replicas = scaler ? Math.max(1, scaler.min) : (pods.replicas ?? 1);
      const sidecars = (pods.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
      const running: readonly Container[] = [...sidecars, ...containersOf(pods)];
      const set = ofKind(declared, 'StatefulSet').find(({ name }) => name === pods.name);
      const claims = set ? manifestOf(set).spec.volumeClaimTemplates : [];
      return {
        name: pods.name,
        replicas,
        most: scaler?.max ?? replicas,
        requestMiB: sum(running, ({ resources }) => number(resources?.requests?.memory)),
        limitMiB: sum(running, ({ resources }) => number(resources?.limits?.memory)),
        cpuMillis: sum(running, ({ resources }) => number(resources?.requests?.cpu)),
        volumeGiB: number(claims[0]?.spec.resources.requests.storage),
      };
    });
  const releases = ofKind(declared, 'Release').filter(({ name }) => name === 'keda');
  const keda = releases.flatMap((release) => {
    const { operator, metricServer } = manifestOf(release).values.resources;
    return [
      ['keda-operator', operator],
      ['keda-operator-metrics-apiserver', metricServer],
    ].map(([name, { requests, limits }]) => ({
      name,
      replicas: 1,
      most: 1,
      requestMiB: number(requests.memory),
      limitMiB: number(limits.memory),
      cpuMillis: number(requests.cpu),
      volumeGiB: 0,
    }));
  });
  return [...workloads, ...keda].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

test.each(stackNames(root))('%s: the figures are those of the manifests', async (stack) => {
  const figures = podNeeds(loadStackConfig(stack, root)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  expect(figures).toEqual(declaredNeeds(await declareStack(stack)));
});

describe('with the nodes', () => {
  /** What Docker Desktop leaves of the memory that it is given. */
  const SHARE = 0.955;
  const needs = (stack: string) => stackNeeds(loadStackConfig(stack, root));

  test.each([
    ['dev', 8],
    ['small', 4],
  ])('%s fits %d GiB for Docker', (stack, gib) => {
    expect(needs(stack).memoryMiB).toBeLessThanOrEqual(gib * 1024 * SHARE);
    expect(needs(stack).cpuMillis).toBeLessThanOrEqual(2_000);
  });

  test('stress keeps two GiB of records in Redis', () => {
    expect(needs('stress').largest).toMatchObject({ name: 'redis', limitMiB: 2 * 2_048 + 128 });
  });

  test('nodes that are not ours are not counted', () => {
    const { memoryMiB, diskGiB } = needs('staging');
    const pods = podNeeds(loadStackConfig('staging', root));
    expect(memoryMiB).toBe(sum(pods, ({ replicas, requestMiB }) => replicas * requestMiB));
    expect(diskGiB).toBe(0);
  });
});
