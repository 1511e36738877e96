// What is said about pulls, from the events of kubelets.
import { expect, test } from '@jest/globals';
import { CommandError, type Run } from '../../tooling/run.ts';
import { PullProgress } from './pull-progress.ts';
import { describePulls, type PodEvent } from './pulls.ts';

const KAFKA = `apache/kafka:4.3.1@sha256:${'0'.repeat(64)}`;
const event = (second: number, host: string, reason: string, message: string): PodEvent => ({
  reason,
  message,
  lastTimestamp: `2026-11-28T23:54:${String(second).padStart(2, '0')}Z`,
  source: { host },
});
const pulling = (second: number, host: string, image: string) =>
  event(second, host, 'Pulling', `Pulling image "${image}"`);
const pulled = (second: number, host: string, image: string) =>
  event(second, host, 'Pulled', `Successfully pulled image "${image}" in 5.352s (5.353s including waiting).`);
const refused = (second: number, host: string, image: string) =>
  event(second, host, 'Failed', `Failed to pull image "${image}": failed to resolve: dial tcp: no such host`);
const at = (second: number) => new Date(Date.UTC(2026, 10, 28, 23, 54, second));

test('nothing is said where nothing is pulled', () => {
  const started = event(1, 'a', 'Started', 'Started container api');
  const present = event(1, 'a', 'Pulled', 'Container image "redis:8" already present on machine');
  expect(describePulls([started, present], at(2))).toEqual({ progress: '', failures: [] });
});

test('what is under way: each image once, with its nodes and for how long', () => {
  const events = [
    pulling(4, 'a0', KAFKA),
    pulled(3, 's0', 'redis:8'),
    pulling(1, 's0', 'redis:8'),
    pulling(9, 'a1', KAFKA),
  ];
  expect(describePulls(events, at(12)).progress).toBe('Images: 1 pulled; pulling apache/kafka:4.3.1 on a0, a1 (8 s)');
  expect(describePulls([pulled(3, 's0', 'redis:8')], at(12)).progress).toBe('Images: 1 pulled; pulling none');
});

test('what cannot be pulled, and why, until it is', () => {
  const failing = [pulling(1, 'a0', KAFKA), refused(2, 'a0', KAFKA), event(3, 'a0', 'Failed', 'Error: ErrImagePull')];
  expect(describePulls(failing, at(4)).failures).toEqual([
    'a0 cannot pull apache/kafka:4.3.1, and tries again: failed to resolve: dial tcp: no such host',
  ]);
  expect(describePulls([...failing, pulling(5, 'a0', KAFKA), pulled(6, 'a0', KAFKA)], at(7)).failures).toEqual([]);
});

test('is reported when it changes, failures once, and nothing from before', async () => {
  let events: readonly PodEvent[] = [pulled(1, 'a0', 'old:1')];
  const said: string[] = [];
  const runWith: Run = async () => JSON.stringify({ items: events });
  const progress = new PullProgress(
    { kubeconfigPath: 'k', context: 'c' },
    { onProgress: (text) => said.push(text), onFailure: (text) => said.push(`! ${text}`) },
    { runWith, begun: at(10) },
  );
  await progress.report(at(11));
  events = [...events, pulling(12, 'a0', 'redis:8'), refused(13, 'a0', 'mongo:7')];
  await progress.report(at(14));
  await progress.report(at(14));
  events = [...events, pulled(15, 'a0', 'redis:8')];
  await progress.report(at(16));
  expect(said).toEqual([
    'Images: 0 pulled; pulling redis:8 on a0 (2 s)',
    '! a0 cannot pull mongo:7, and tries again: failed to resolve: dial tcp: no such host',
    'Images: 1 pulled; pulling none',
  ]);
});

test('is silent about a cluster that does not answer', async () => {
  const runWith: Run = async () => {
    throw new CommandError('no', { command: [], status: 1, signal: null, output: '', reason: '' });
  };
  const never = (text: string) => {
    throw new Error(text);
  };
  const progress = new PullProgress(
    { kubeconfigPath: 'k', context: 'c' },
    { onProgress: never, onFailure: never },
    { runWith },
  );
  await progress.report();
});
