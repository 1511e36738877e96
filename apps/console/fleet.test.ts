// Processes that come, go, hang and recover.
import { afterEach, describe, expect, test } from '@jest/globals';
import { Fleet, type Lookup, resolveTargets } from './fleet.ts';
import type { Component, Reading } from './readings.ts';

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

/** A fleet with a clock, a name server and processes that the test controls. */
function scene() {
  const state = {
    nowMs: 0,
    pods: ['10.0.0.1', '10.0.0.2'] as readonly string[] | Error,
    answers: new Map<string, Reading | Error | 'hangs'>(),
    scraped: [] as string[],
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
      state.scraped.push(address);
      const answer = state.answers.get(address) ?? reading(1);
      if (answer === 'hangs') await new Promise<void>((resolve) => release.push(resolve));
      if (answer instanceof Error) throw answer;
      return answer === 'hangs' ? reading(0) : answer;
    },
    onScrape: (component, ok) => void state.outcomes.push([component, ok]),
  });
  const poll = async (seconds = 1) => {
    state.nowMs += seconds * 1000;
    await fleet.poll(20);
  };
  const alive = () =>
    fleet.processes
      .filter(({ goneMs, unreachable }) => goneMs === undefined && !unreachable)
      .map(({ address }) => address);
  return { state, fleet, poll, alive };
}

describe('the fleet', () => {
  test('scrapes every address of a name once per poll', async () => {
    const { state, poll, alive } = scene();
    await poll();
    await poll();
    expect(state.scraped).toEqual(['10.0.0.1:9464', '10.0.0.2:9464', '10.0.0.1:9464', '10.0.0.2:9464']);
    expect(alive()).toEqual(['10.0.0.1:9464', '10.0.0.2:9464']);
    expect(state.outcomes.every(([component, ok]) => component === 'api' && ok)).toBe(true);
  });

  test('follows pods that come and go, and forgets those that are gone', async () => {
    const { state, poll, fleet, alive } = scene();
    await poll();
    state.pods = ['10.0.0.2', '10.0.0.3'];
    await poll(5);
    expect(alive()).toEqual(['10.0.0.2:9464', '10.0.0.3:9464']);
    expect(fleet.processes).toHaveLength(3); // its part of the window still counts
    expect(state.scraped.filter((address) => address === '10.0.0.1:9464')).toHaveLength(1);
    await poll(5);
    await poll(6);
    expect(fleet.processes).toHaveLength(2);
  });

  test('looks names up again at once when a process does not answer: it may be gone', async () => {
    const { state, poll, fleet } = scene();
    await poll();
    state.answers.set('10.0.0.1:9464', new Error('no answer'));
    state.pods = ['10.0.0.2'];
    await poll();
    await poll();
    expect(fleet.processes[0]).toMatchObject({ address: '10.0.0.1:9464', goneMs: 3_000 });
  });

  test('a service without pods has no processes', async () => {
    const { state, poll, alive, fleet } = scene();
    await poll();
    state.pods = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    await poll(5);
    expect(alive()).toEqual([]);
    expect(fleet.unresolved).toEqual({});
  });

  test('while names cannot be looked up it keeps the known addresses and reports the failure', async () => {
    const { state, poll, alive, fleet } = scene();
    await poll();
    state.pods = Object.assign(new Error('no'), { code: 'EAI_AGAIN' });
    await poll(5);
    expect(alive()).toHaveLength(2);
    expect(fleet.unresolved).toEqual({ api: 'api-pods could not be looked up (EAI_AGAIN)' });
    state.pods = ['10.0.0.1'];
    await poll(5);
    expect(fleet.unresolved).toEqual({});
  });

  test('reports since when and why a process does not answer, until it does', async () => {
    const { state, poll, fleet, alive } = scene();
    await poll();
    state.answers.set('10.0.0.1:9464', new Error('connection refused'));
    await poll();
    await poll();
    const [first] = fleet.processes;
    expect(first).toMatchObject({ unreachable: { sinceMs: 2_000, reason: 'connection refused' } });
    state.answers.delete('10.0.0.1:9464');
    await poll();
    expect(alive()).toHaveLength(2);
  });

  test('a process that hangs delays no other, and is not scraped again meanwhile', async () => {
    const { state, poll, fleet } = scene();
    state.answers.set('10.0.0.1:9464', 'hangs');
    await poll();
    await poll();
    await poll();
    expect(state.scraped.filter((address) => address === '10.0.0.1:9464')).toHaveLength(1);
    expect(state.scraped.filter((address) => address === '10.0.0.2:9464')).toHaveLength(3);
    expect(fleet.processes[1]!.series.lastAtMs).toBe(3_000);
  });
});

const dnsError = (code: string) => Object.assign(new Error(code), { code });
const names: Record<string, readonly string[] | Error> = {
  'api-pods': ['10.0.0.1', '10.0.0.2'],
  six: ['fd00::1'],
  'scaled-to-zero': dnsError('ENOTFOUND'),
  'no-address': dnsError('ENODATA'),
  broken: dnsError('EAI_AGAIN'),
};
const dns: Lookup = async (host) => {
  const found = names[host]!;
  if (found instanceof Error) throw found;
  return found;
};

describe('targets', () => {
  test.each<[string, string[], string[], string | undefined]>([
    ['none', [], [], undefined],
    ['addresses', ['127.0.0.1:1', '127.0.0.1:2'], ['127.0.0.1:1', '127.0.0.1:2'], undefined],
    ['an IPv6 address', ['[::1]:1'], ['[::1]:1'], undefined],
    ['a name with several addresses', ['api-pods:9464'], ['10.0.0.1:9464', '10.0.0.2:9464'], undefined],
    ['a name with an IPv6 address', ['six:9464'], ['[fd00::1]:9464'], undefined],
    ['an address that is named twice', ['api-pods:1', '10.0.0.1:1'], ['10.0.0.1:1', '10.0.0.2:1'], undefined],
    ['a service without pods', ['scaled-to-zero:1', 'no-address:1'], [], undefined],
    ['a name server that fails', ['broken:1'], [], 'broken could not be looked up (EAI_AGAIN)'],
  ])('%s', async (_what, targets, addresses, failure) => {
    expect(await resolveTargets(targets, dns)).toEqual({ addresses, failure });
  });
});
