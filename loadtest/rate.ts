// npm run rate: shows the rate of the running producer, or changes it without a restart.
import { join } from 'node:path';
import { localRun } from '../local/running.ts';
import { METRICS_PORT } from '../tooling/cluster/access.ts';
import { Kubectl } from '../tooling/cluster/kubectl.ts';
import { readOutputs } from '../tooling/cluster/outputs.ts';
import { forwardPort } from '../tooling/cluster/port-forward.ts';
import { NotReadyError, UserError } from '../tooling/errors.ts';
import { call } from '../tooling/http.ts';
import { parseRateArgs, RATE_HELP } from './rate-options.ts';

const REPOSITORY = join(import.meta.dirname, '..');

async function main(): Promise<number> {
  const options = parseRateArgs(process.argv.slice(2));
  if (options === null) {
    console.log(RATE_HELP);
    return 0;
  }
  const { rate, stack } = options;
  const local = stack === undefined ? localRun()?.PRODUCER_URL : undefined;
  const now = local === undefined ? await inCluster(stack, rate) : await setRate(local, rate);
  console.log(`the producer sends ${now} messages a second`);
  return 0;
}

async function inCluster(stack: string | undefined, rate: number | undefined): Promise<number> {
  const outputs = await readOutputs({ stack, directory: REPOSITORY });
  const forward = await forwardPort(new Kubectl(outputs), outputs.namespace, 'deployment/producer', METRICS_PORT);
  try {
    return await setRate(`http://127.0.0.1:${forward.port}`, rate);
  } finally {
    await forward.close();
  }
}

/**
 * @param rate undefined: only reads it
 * @returns the rate from now on
 * @throws NotReadyError when the producer refuses or does not answer
 */
async function setRate(producer: string, rate: number | undefined): Promise<number> {
  const change = rate === undefined ? {} : { method: 'PUT', body: { rate } };
  const answer = await call(new URL('/rate', producer), change).catch((cause: Error) => {
    throw new NotReadyError(`the producer at ${producer} does not answer: ${cause.message}`, { cause });
  });
  const body = JSON.parse(answer.text) as { rate: number; message?: string };
  if (answer.status !== 200) throw new NotReadyError(`the producer refuses: ${body.message}`);
  return body.rate;
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof UserError;
  console.error(expected ? error.message : error);
  process.exitCode = expected ? 2 : 1;
}
