// Consumers by hand: the producer's rate as users set it, and KEDA held at a number of pods.

import { waitFor } from '../../tooling/poll.ts';
import { run } from '../../tooling/run.ts';
import type { Context } from './context.ts';
import { REPOSITORY } from './repository.ts';
import type { RunningStack } from './running-stack.ts';
import type { TimelineRecorder } from './timeline.ts';

/** `npm run rate -- RATE`, word for word. */
export async function setRate({ pulumi, options }: Context, rate: number): Promise<void> {
  const args = ['run', '--silent', 'rate', '--', String(rate), '--stack', `e2e-${options.stack}`];
  await run('npm', args, { cwd: REPOSITORY, env: pulumi.environment });
}

const PAUSED = 'autoscaling.keda.sh/paused-replicas';

/** Holds the consumer at so many pods, whatever the lag; null lets KEDA decide again. */
export async function holdConsumers({ kubectl, namespace }: RunningStack, pods: number | null): Promise<void> {
  const annotation = pods === null ? `${PAUSED}-` : `${PAUSED}=${pods}`;
  await kubectl.text(['annotate', '--namespace', namespace, '--overwrite', 'scaledobject/consumer', annotation]);
}

/** Waits for a moment of the timeline. */
export const untilMoment = (
  what: string,
  recorder: TimelineRecorder,
  is: (moment: NonNullable<TimelineRecorder['last']>) => boolean,
  { signal }: Context,
  within: number,
): Promise<unknown> => waitFor(what, async () => recorder.last !== undefined && is(recorder.last), { within, signal });

/** No consumer, and nothing in the queue. */
export async function idle(context: Context, stack: RunningStack, recorder: TimelineRecorder): Promise<void> {
  await setRate(context, 0);
  await holdConsumers(stack, null);
  await untilMoment(
    'an empty queue and no consumer',
    recorder,
    ({ lag, ready, wanted }) => lag === 0 && ready + wanted === 0,
    context,
    300,
  );
}

/** Fills the queue while no consumer runs. */
export async function backlog(context: Context, stack: RunningStack, recorder: TimelineRecorder, records: number) {
  await holdConsumers(stack, 0);
  await untilMoment('no consumer', recorder, ({ ready }) => ready === 0, context, 60);
  await setRate(context, 1000);
  await untilMoment(`a backlog of ${records}`, recorder, ({ lag }) => (lag ?? 0) >= records, context, 120);
  await setRate(context, 0);
}
