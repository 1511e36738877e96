// Processes that come, go, hang and come back.
import { afterEach, describe, expect, test } from '@jest/globals';
import { Fleet } from './fleet.ts';
import type { Component, Reading } from './readings.ts';
import type { Lookup } from './targets.ts';

const none = { api: [], consumer: [], gate: [], producer: [] };
const reading = (n: number): Reading => ({
  startedAt: 1,
  counters: new Map([['requests', n]]),
  gauges: new Map([['connections', n]]),
});

const release: (() => void)[] = [];
afterEach(() => {
  for (const one of release.splice(0)) one();
});

/** A fleet with a clock, a name server and processes that do as the test says. */
function scene() {
  const state = {
    nowMs: 0,
    pods: ['10.0.0.1', '10.0.0.2'] as readonly string[] | Error,
    answers: new Map<string, Reading | Error | 'hangs'>(),
    asked: [] as string[],
    outcomes: [] as [Component, boolean][],
  };
  const lookup: Lookup = async () => {
    if (state.pods instanceof Error) throw state.pods;
    return state.pods;
  };
  const fleet = new Fleet({
    targets: { ...none, api: ['api-pods:9464'] },
    lookup,
    now: () => state.nowMs,
    async scrape(_component, address) {
      state.asked.push(address);
      const answer = state.answers.get(address) ?? reading(1);
      if (answer === 'hangs') await new Promise<void>((resolve) => release.push(resolve));
      if (answer instanceof Error) throw answer;
      return answer === 'hangs' ? reading(0) : answer;
    },
    onScrape: (component, ok) => void state.outcomes.push([component, ok]),
  });
  const round = async (seconds = 1) => {
    state.nowMs += seconds * 1000;
    await fleet.round(20);
  };
  const alive = () =>
    fleet.processes.filter(({ goneMs, deaf }) => goneMs === undefined && !deaf).map(({ address }) => address);
  return { state, fleet, round, alive };
}

describe('the fleet', () => {
  test('asks every address of a name, once a round', async () => {
    const { state, round, alive } = scene();
    await round();
    await round();
    expect(state.asked).toEqual(['10.0.0.1:9464', '10.0.0.2:9464', '10.0.0.1:9464', '10.0.0.2:9464']);
    expect(alive()).toEqual(['10.0.0.1:9464', '10.0.0.2:9464']);
    expect(state.outcomes.every(([component, ok]) => component === 'api' && ok)).toBe(true);
  });

  test('follows pods that come and go, and forgets those that are gone', async () => {
    const { state, round, fleet, alive } = scene();
    await round();
    state.pods = ['10.0.0.2', '10.0.0.3'];
    await round(5);
    expect(alive()).toEqual(['10.0.0.2:9464', '10.0.0.3:9464']);
    expect(fleet.processes).toHaveLength(3); // its part of the window still counts
    expect(state.asked.filter((address) => address === '10.0.0.1:9464')).toHaveLength(1);
    await round(5);
    await round(6);
    expect(fleet.processes).toHaveLength(2);
  });

  test('one that does not answer is looked up again at once: it may be gone', async () => {
    const { state, round, fleet } = scene();
    await round();
    state.answers.set('10.0.0.1:9464', new Error('no answer'));
    state.pods = ['10.0.0.2'];
    await round();
    await round();
    expect(fleet.processes[0]).toMatchObject({ address: '10.0.0.1:9464', goneMs: 3_000 });
  });

  test('a service without pods has none', async () => {
    const { state, round, alive, fleet } = scene();
    await round();
    state.pods = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    await round(5);
    expect(alive()).toEqual([]);
    expect(fleet.lost).toEqual({});
  });

  test('while names cannot be looked up it keeps what it knows, and says so', async () => {
    const { state, round, alive, fleet } = scene();
    await round();
    state.pods = Object.assign(new Error('no'), { code: 'EAI_AGAIN' });
    await round(5);
    expect(alive()).toHaveLength(2);
    expect(fleet.lost).toEqual({ api: 'api-pods could not be looked up (EAI_AGAIN)' });
    state.pods = ['10.0.0.1'];
    await round(5);
    expect(fleet.lost).toEqual({});
  });

  test('says since when and why one does not answer, until it does again', async () => {
    const { state, round, fleet, alive } = scene();
    await round();
    state.answers.set('10.0.0.1:9464', new Error('connection refused'));
    await round();
    await round();
    const [first] = fleet.processes;
    expect(first).toMatchObject({ deaf: { sinceMs: 2_000, why: 'connection refused' } });
    state.answers.delete('10.0.0.1:9464');
    await round();
    expect(alive()).toHaveLength(2);
  });

  test('one that hangs holds up nobody, and is not asked again meanwhile', async () => {
    const { state, round, fleet } = scene();
    state.answers.set('10.0.0.1:9464', 'hangs');
    await round();
    await round();
    await round();
    expect(state.asked.filter((address) => address === '10.0.0.1:9464')).toHaveLength(1);
    expect(state.asked.filter((address) => address === '10.0.0.2:9464')).toHaveLength(3);
    expect(fleet.processes[1]!.series.lastAtMs).toBe(3_000);
  });
});
