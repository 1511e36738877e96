// The built-in engine: runs the generator in a process of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Load, type Observation, Observations, type Plan } from '../plan.ts';
import type { FromWorker, ToWorker } from './worker.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Starts a load with our own generator. */
export const startBuiltin = (plan: Plan): Load => new GeneratorProcess(plan);

class GeneratorProcess implements Load {
  readonly #child: ChildProcess;
  readonly #observations = new Observations();

  constructor(plan: Plan) {
    this.#child = fork(WORKER, [], {
      execArgv: ['--max-semi-space-size=32'],
    });
    this.#child.on('message', (message: FromWorker) => {
      if ('failure' in message) this.#observations.fail(new Error(`the generator failed: ${message.failure}`));
      else this.#observations.push(message);
    });
    this.#child.once('error', (error) => this.#observations.fail(error));
    this.#child.once('exit', (code, signal) =>
      this.#observations.fail(new Error(`the generator died (${signal ?? `status ${code}`})`)),
    );
    this.#send({ plan });
  }

  [Symbol.asyncIterator](): AsyncIterator<Observation> {
    return this.#observations[Symbol.asyncIterator]();
  }

  stop(): void {
    if (this.#child.connected) this.#send({ stop: true });
  }

  #send(message: ToWorker): void {
    this.#child.send(message);
  }
}
