import { expect, test } from '@jest/globals';
import { until } from '../../test/until.ts';
import type { CommandOptions, Run } from '../run.ts';
import { CommandError } from '../run.ts';
import { Kubectl } from './kubectl.ts';
import { forwardedPort, forwardPort } from './port-forward.ts';

test.each([
  ['Forwarding from 127.0.0.1:40001 -> 27017\n', 40_001],
  ['warning\nForwarding from 127.0.0.1:7 -> 8\n', 7],
  ['Forwarding from [::1]:40001 -> 27017', undefined],
  ['error: lost connection to pod', undefined],
])('the port in %j', (text, port) => expect(forwardedPort(text)).toBe(port));

const failed = (message: string) =>
  new CommandError(message, { command: [], status: 1, signal: null, output: '', reason: message });

/** A kubectl whose runs a test opens and ends. */
function fakeKubectl() {
  const runs: { ports: string; print: (text: string) => void; end: (error: Error) => void; stopped: boolean }[] = [];
  const run: Run = (_program, args, { onOutput, signal }: CommandOptions = {}) =>
    new Promise((_, reject) => {
      const ended = new AbortController();
      const end = (error: Error) => {
        ended.abort();
        reject(error);
      };
      const one = { ports: args.at(-1)!, print: onOutput!, end, stopped: false };
      const stop = () => {
        one.stopped = true;
        end(failed('interrupted'));
      };
      signal!.addEventListener('abort', stop, { signal: ended.signal });
      runs.push(one);
    });
  return { runs, kubectl: new Kubectl({ kubeconfigPath: '/k' }, run) };
}

test('a forward gets any free port, and keeps it when the pod is replaced', async () => {
  const { runs, kubectl } = fakeKubectl();
  const opening = forwardPort(kubectl, 'ns', 'service/mongo', 27_017);
  expect(runs[0]?.ports).toBe(':27017');
  runs[0]?.print('Forwarding from 127.');
  runs[0]?.print('0.0.1:40001 -> 27017\n');
  const forward = await opening;
  expect(forward.port).toBe(40_001);

  runs[0]?.end(failed('lost connection to pod'));
  await until(() => runs.length === 2);
  runs[1]?.end(failed('no pod is running'));
  await until(() => runs.length === 3);
  expect(runs[2]?.ports).toBe('40001:27017');
  runs[2]?.print('Forwarding from 127.0.0.1:40001 -> 27017\n');

  await forward.close();
  await forward.close();
  expect(runs.map(({ stopped }) => stopped)).toEqual([false, false, true]);
});

test('a forward that is closed while it is opened again stays closed', async () => {
  const { runs, kubectl } = fakeKubectl();
  const opening = forwardPort(kubectl, 'ns', 'service/mongo', 1);
  runs[0]?.print('Forwarding from 127.0.0.1:7 -> 1\n');
  const forward = await opening;
  runs[0]?.end(failed('lost connection to pod'));
  await until(() => runs.length === 2);
  const closed = forward.close();
  runs[1]?.print('Forwarding from 127.0.0.1:7 -> 1\n');
  await closed;
  expect(runs[1]?.stopped).toBe(true);
});

test('a forward that cannot be opened says why', async () => {
  const { runs, kubectl } = fakeKubectl();
  const opening = forwardPort(kubectl, 'ns', 'service/nope', 1);
  runs[0]?.end(failed('services "nope" not found'));
  await expect(opening).rejects.toThrow('services "nope" not found');
});
