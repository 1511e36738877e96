// Memory limits of the images that are not ours: each has a figure with its source.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type MemoryFigure, officialMemory } from '../../components/images/memory.ts';
import { stackNames } from '../../config/load.ts';
import { configKeys } from '../../config/schema.ts';
import { signedOn } from './changes/change.ts';
import type { Declared } from './declare.ts';
import { declareProgram, declareStack, root } from './stacks.ts';
import { allContainersOf, manifestOf, ofKind, podsOf } from './workloads.ts';

const figures: Readonly<Record<string, MemoryFigure>> = officialMemory;

/**
 * Memory limits, MiB, of the containers whose image we do not build, by the name of the container.
 */
function officialLimits(declared: readonly Declared[]): ReadonlyMap<string, number> {
  const limits = podsOf(declared)
    .flatMap(allContainersOf)
    .filter(({ image = '' }) => !image.includes('/breakwater/'))
    .map(({ name, resources }) => [name, Number.parseInt(String(resources?.limits?.memory), 10)] as const);
  const releases = ofKind(declared, 'Release').filter(({ name }) => name === 'keda');
  const keda = releases.flatMap((release) => {
    const { operator, metricServer } = manifestOf(release).values.resources;
    return [
      ['keda-operator', Number.parseInt(operator.limits.memory, 10)],
      ['keda-operator-metrics-apiserver', Number.parseInt(metricServer.limits.memory, 10)],
    ] as const;
  });
  return new Map([...limits, ...keda]);
}

describe('on a stack at its defaults', () => {
  let limits: ReadonlyMap<string, number>;
  beforeAll(async () => {
    limits = officialLimits(await declareProgram({ 'backup:enabled': true, ...signedOn }, 'dev'));
  });

  test('every container of an official image has the figure of the table, and no figure is left over', () => {
    expect(Object.fromEntries([...limits].toSorted())).toEqual(
      Object.fromEntries(
        Object.entries(figures)
          .map(([name, { mib }]) => [name, mib])
          .toSorted(),
      ),
    );
  });
});

test.each(stackNames(root))('%s: a container whose figure differs has a config key for it', async (stack) => {
  for (const [name, limit] of officialLimits(await declareStack(stack)))
    if (limit !== figures[name]?.mib) expect([name, figures[name]?.key]).toEqual([name, expect.any(String)]);
});

test.each(Object.entries(figures))('%s: the figure has a source', (_name, { source, key }) => {
  expect(source).toMatch(/https:\/\/|measured|as mongo/);
  if (key !== undefined) expect(configKeys.map((known) => known.key)).toContain(key);
});
