// Every stack complies with the policies, and each policy detects what breaks it.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { stackNames } from '../../config/load.ts';
import type { Declared } from './declare.ts';
import { configPolicies } from './policies/config.ts';
import { type Mutable, mutants } from './policies/mutants.ts';
import { podPolicies } from './policies/pods.ts';
import { slowLinePolicies } from './policies/slow-line.ts';
import { wiringPolicies } from './policies/wiring.ts';
import { declareStack, root } from './stacks.ts';
import { ofKind, type Policies } from './workloads.ts';

const policies: Policies = { ...podPolicies, ...wiringPolicies, ...configPolicies, ...slowLinePolicies };

describe.each(stackNames(root))('stack %s', (stack) => {
  let declared: readonly Declared[];
  beforeAll(async () => {
    declared = await declareStack(stack);
  });

  test.each(Object.entries(policies))('%s', (_says, policy) => {
    expect(policy(declared)).toEqual([]);
  });
});

test('the servers that hold records are protected in production, and not in dev', async () => {
  const holding = async (stack: string) =>
    ofKind(await declareStack(stack), 'StatefulSet').filter(({ name }) => ['kafka', 'redis', 'mongo'].includes(name));
  for (const { name, options } of await holding('production'))
    expect({ name, ...options }).toMatchObject({ protect: true });
  for (const { options } of await holding('dev')) expect(options).not.toHaveProperty('protect');
});

test('without digests, for mirrors that do not preserve them, images still have a version', async () => {
  const declared = await declareStack('dev', { 'images:digests': false });
  expect(policies['no image is :latest or without a version']!(declared)).toEqual([]);
  expect(policies['images are pinned by digest']!(declared)).not.toEqual([]);
});

describe('a policy detects what breaks it', () => {
  test('each has a mutant', () => {
    expect(Object.keys(mutants).toSorted()).toEqual(Object.keys(policies).toSorted());
  });

  const cases = Object.entries(mutants).flatMap(([says, breaks]) =>
    breaks.map((mutate, index) => [`${says} (${index + 1})`, says, mutate] as const),
  );
  test.each(cases)('%s', async (_name, says, mutate) => {
    const declared = structuredClone(await declareStack('dev')) as Mutable[];
    mutate(declared);
    expect(policies[says]!(declared)).not.toEqual([]);
  });
});
