import { describe, expect, test } from '@jest/globals';
import type { Context, Step } from './context.ts';
import type { StepName } from './plan.ts';
import { runSteps } from './run.ts';

const fine: Step = async ({ check }) => check('holds', true);
const wrong: Step = async ({ check }) => check('does not hold', false, 'found 3');
const broken: Step = async () => {
  throw new Error('up failed', { cause: new Error('no such image') });
};

async function run(script: Partial<Record<StepName, Step>>, signal = new AbortController().signal, cold = false) {
  const said: string[] = [];
  const cleaned: string[][] = [];
  const diagnosed: string[] = [];
  const base = { signal, options: { cold }, say: (text: string) => said.push(text) } as unknown as Context;
  const results = await runSteps(
    {
      names: Object.keys(script) as StepName[],
      title: (name) => `what ${name} shows`,
      steps: script as Record<StepName, Step>,
      diagnose: async (failed) => {
        diagnosed.push(failed);
        if (failed === 'refresh') throw new Error('no cluster');
      },
      cleanUp: (done) => async () => void cleaned.push(done.map(({ name }) => name)),
    },
    base,
  );
  return { results, cleaned, diagnosed, said: said.join('\n') };
}

describe('the steps', () => {
  test('run in order, then the clean-up, which sees their results', async () => {
    const { results, cleaned, said } = await run({ up: fine, again: fine });
    expect(results.map(({ name, ok }) => [name, ok])).toEqual([
      ['up', true],
      ['again', true],
      ['clean-up', true],
    ]);
    expect(cleaned).toEqual([['up', 'again']]);
    expect(said).toContain('again: what again shows\n    ✓ holds\n  passed');
  });
  test('a failed check fails its step, and the next one runs', async () => {
    const { results, said } = await run({ again: wrong, refresh: fine });
    expect(results.map(({ ok }) => ok)).toEqual([false, true, true]);
    expect(said).toContain('✗ does not hold: found 3');
  });
  test('a step that throws is reported with its cause, and the next one runs', async () => {
    const { results } = await run({ again: broken, refresh: fine });
    expect(results[0]).toMatchObject({ ok: false, error: 'up failed\nno such image' });
    expect(results[1]!.ok).toBe(true);
  });
  test('a failed step is diagnosed; without a cluster the run goes on', async () => {
    const { diagnosed, said, results } = await run({ again: wrong, refresh: broken, network: fine });
    expect(diagnosed).toEqual(['again', 'refresh']);
    expect(said).toContain('no diagnosis: no cluster');
    expect(results[2]!.ok).toBe(true);
  });
  test('a skipped check is no failure', async () => {
    const { results } = await run({ passwords: async ({ skip }) => skip('MongoDB', 'it has none') });
    expect(results[0]!.ok).toBe(true);
  });
  test('a time above its limit fails its step, but not in a cold run', async () => {
    const slow: Step = async ({ took }) => took('up', 400, 300);
    expect((await run({ up: slow })).results[0]!.ok).toBe(false);
    const { results } = await run({ up: slow }, undefined, true);
    expect(results[0]).toMatchObject({ ok: true, checks: [{ ok: null, seconds: 400, limit: '< 5 min 0 s' }] });
  });
  test('after a failed up only the clean-up runs', async () => {
    const { results, cleaned } = await run({ up: broken, again: fine });
    expect(results.map(({ name }) => name)).toEqual(['up', 'clean-up']);
    expect(cleaned).toHaveLength(1);
  });
  test('after Ctrl-C only the clean-up runs', async () => {
    const stop = new AbortController();
    const { results } = await run({ again: async () => stop.abort(), refresh: fine }, stop.signal);
    expect(results.map(({ name }) => name)).toEqual(['again', 'clean-up']);
  });
});
