// Starts the generator in a process of its own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StartLoad, Totals } from '../plan.ts';
import type { FromWorker, ToWorker } from './worker.ts';

/** Our own engine; see `StartLoad`. */
export const startBuiltin: StartLoad = async (plan, onSecond) => {
  const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [], {
    execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', '--max-semi-space-size=32'],
  });
  const say = (message: ToWorker) => void child.send(message);
  const done = new Promise<Totals>((resolve, reject) => {
    child.on('message', (message: FromWorker) => {
      if ('row' in message) onSecond(message.row);
      else if ('totals' in message) resolve(message.totals);
      else reject(new Error(`the generator failed: ${message.failure}`));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the generator died (${signal ?? `status ${code}`})`)));
  });
  say({ plan });
  return { stop: () => child.connected && say({ stop: true }), done };
};
