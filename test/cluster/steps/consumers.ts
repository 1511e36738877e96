// The consumers of `events`: they scale from zero and back, and lose nothing when killed.
import { waitFor } from '../../../tooling/poll.ts';
import { run } from '../../../tooling/run.ts';
import type { Context, Step } from '../context.ts';
import { checkLoad, LIGHT, startLoad } from '../load.ts';
import { npmRun } from '../machine.ts';
import type { RunningStack } from '../running-stack.ts';
import { drainRate, emptySince, secondsUntil, TimelineRecorder } from '../timeline.ts';

const HIGH_RATE = 500;
/** One message in two minutes. */
const LOW_RATE = 0.008;
/** About 30 s, plus the sampling of the timeline (1 s) and of KEDA (`consumer:pollingSeconds`). */
const TO_ZERO_SECONDS = 36;

/** Runs a step with a timeline of the consumers, which is reported in any case. */
const recorded =
  (name: string, step: (context: Context, stack: RunningStack, recorder: TimelineRecorder) => Promise<void>): Step =>
  async (context) => {
    const stack = await context.stack();
    const recorder = new TimelineRecorder(name, stack, 'consumer');
    try {
      await idle(context, stack, recorder);
      await step(context, stack, recorder);
    } finally {
      await holdConsumers(stack, null);
      context.keep(await recorder.stop());
    }
  };

export const scaling: Step = recorded('consumers with the queue', async (context, _stack, recorder) => {
  const { check, took } = context;
  check('no consumer while the queue is empty', recorder.last?.ready === 0, `${recorder.last?.ready} ready`);
  await setRate(context, HIGH_RATE);
  const raised = recorder.mark(`rate ${HIGH_RATE}`);
  await untilMoment('two consumers are ready', recorder, ({ ready }) => ready >= 2, context, 120);
  took(
    `rate ${HIGH_RATE} to the decision for a consumer`,
    secondsUntil(recorder.moments, raised, ({ wanted }) => wanted >= 1)!,
  );
  took(`rate ${HIGH_RATE} to the first consumer`, secondsUntil(recorder.moments, raised, ({ ready }) => ready >= 1)!);
  took(`rate ${HIGH_RATE} to two consumers`, secondsUntil(recorder.moments, raised, ({ ready }) => ready >= 2)!);

  await setRate(context, LOW_RATE);
  const lowered = recorder.mark(`rate ${LOW_RATE}`);
  await untilMoment('an empty queue', recorder, ({ t, lag }) => t > lowered && lag === 0, context, 300);
  await untilMoment('no consumer', recorder, ({ ready }) => ready === 0, context, 120);
  const none = recorder.now;
  const empty = emptySince(recorder.moments, none)!;
  recorder.mark('no consumer');
  took('from an empty queue to no consumer', none - empty, TO_ZERO_SECONDS);
  const most = Math.max(...recorder.moments.map(({ ready }) => ready));
  const { maxReplicas } = context.pulumi.config.consumer;
  check(`at least 2 consumers, at most ${maxReplicas}`, most >= 2 && most <= maxReplicas, `peak ${most}`);
});

/** About 25 s of work for each consumer. */
const BACKLOG = 5000;
const TIMES_FASTER = 2.5;

export const drainSpeed: Step = recorded('one consumer, then three', async (context, stack, recorder) => {
  const rates: number[] = [];
  for (const consumers of [1, 3]) {
    await backlog(context, stack, recorder, BACKLOG * consumers);
    await holdConsumers(stack, consumers);
    const from = recorder.mark(`consumers: ${consumers}`);
    await untilMoment('an empty queue', recorder, ({ t, lag }) => t > from && lag === 0, context, 180);
    const rate = drainRate(recorder.moments.filter(({ t }) => t >= from)) ?? 0;
    context.check(`${consumers} drain`, rate > 0, `${rate.toFixed(0)} records/s`);
    rates.push(rate);
  }
  const times = rates[1]! / rates[0]!;
  context.check(
    `three drain at least ${TIMES_FASTER} times as fast as one`,
    times >= TIMES_FASTER,
    `${times.toFixed(2)} times`,
  );
});

export const lastConsumer: Step = recorded('the last consumer is killed', async (context, stack, recorder) => {
  await holdConsumers(stack, 0);
  const load = await startLoad(stack, LIGHT, context.signal);
  try {
    await untilMoment('600 records in the queue', recorder, ({ lag }) => (lag ?? 0) >= 600, context, 120);
    await holdConsumers(stack, 1);
    await untilMoment('a consumer is ready', recorder, ({ ready }) => ready === 1, context, 60);
    const [pod] = await stack.pods('consumer');
    // First scale to zero, or the kubelet restarts the container.
    await holdConsumers(stack, 0);
    await kill(context, pod!.spec.nodeName!);
    await stack.kubectl.text([
      'delete',
      'pod',
      '--namespace',
      stack.namespace,
      pod!.metadata.name,
      '--grace-period=0',
      '--force',
      '--ignore-not-found',
    ]);
    recorder.mark('killed');
    await untilMoment('no consumer', recorder, ({ ready, wanted }) => ready + wanted === 0, context, 60);
    const left = recorder.last?.lag ?? 0;
    context.check('it leaves records behind, delivered but not stored', left > 0, `lag ${left}`);
    await holdConsumers(stack, null);
    const resumed = recorder.mark('KEDA resumes');
    await untilMoment('a consumer starts from zero', recorder, ({ t, ready }) => t > resumed && ready > 0, context, 60);
    context.took('from a stranded batch to a new consumer', recorder.now - resumed);
  } finally {
    await holdConsumers(stack, null);
    checkLoad(context, await load.end(), 0.01);
  }
  const { lag, deadLetters } = await stack.stats();
  context.check('nothing is stranded', lag === 0 && deadLetters === 0, `lag ${lag}, ${deadLetters} dead letters`);
});

/** Sends SIGKILL from the node, a container of this machine: inside the pod, PID 1 ignores it. */
async function kill({ options, say }: Context, node: string): Promise<void> {
  if (options.existing) return say('    on an existing cluster: the pod is deleted without a grace period instead');
  // $p is /proc/<pid>. The brackets keep the script from matching its own command line.
  const script =
    'for p in /proc/[0-9]*; do grep -qa "[c]onsumer/main.ts" "$p/cmdline" && kill -9 "$(basename "$p")"; done 2>/dev/null; true';
  await run('docker', ['exec', node, 'sh', '-c', script]);
}

/** Sets the producer's rate as users do. */
async function setRate({ pulumi }: Context, rate: number): Promise<void> {
  await npmRun('rate', [String(rate), '--stack', pulumi.name], pulumi.environment);
}

const PAUSED = 'autoscaling.keda.sh/paused-replicas';

/** Pauses the consumer's autoscaling at a number of pods; null resumes it. */
async function holdConsumers({ kubectl, namespace }: RunningStack, pods: number | null): Promise<void> {
  const annotation = pods === null ? `${PAUSED}-` : `${PAUSED}=${pods}`;
  await kubectl.text(['annotate', '--namespace', namespace, '--overwrite', 'scaledobject/consumer', annotation]);
}

/** Waits until the latest moment of the timeline meets the condition. */
const untilMoment = (
  what: string,
  recorder: TimelineRecorder,
  is: (moment: NonNullable<TimelineRecorder['last']>) => boolean,
  { signal }: Context,
  within: number,
): Promise<unknown> => waitFor(what, async () => recorder.last !== undefined && is(recorder.last), { within, signal });

/** Waits for an empty queue and no consumer. */
async function idle(context: Context, stack: RunningStack, recorder: TimelineRecorder): Promise<void> {
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
async function backlog(context: Context, stack: RunningStack, recorder: TimelineRecorder, records: number) {
  await holdConsumers(stack, 0);
  await untilMoment('no consumer', recorder, ({ ready }) => ready === 0, context, 60);
  await setRate(context, 1000);
  await untilMoment(`a backlog of ${records}`, recorder, ({ lag }) => (lag ?? 0) >= records, context, 120);
  await setRate(context, 0);
}
