// The API scales on CPU: under load it reaches its maximum of pods, and each finds a node.

import { waitFor } from '../../../tooling/poll.ts';
import { apply } from '../apply.ts';
import type { Step } from '../context.ts';
import { checkLoad, startLoad } from '../load.ts';
import { changesNothing } from '../operation.ts';
import { isReady } from '../running-stack.ts';
import { secondsUntil, TimelineRecorder } from '../timeline.ts';

interface Autoscaler {
  readonly status: {
    readonly currentMetrics?: readonly unknown[];
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}

/** Low enough for the load that a machine with few cores can send. */
const TARGET_PERCENT = 40;
/** More load would take CPU from the pods under test. */
const LOAD = { users: 40, think: [0.02, 0.06] } as const;
const WITHIN_SECONDS = 420;

export const hpa: Step = async (context) => {
  const { pulumi, check, signal } = context;
  const { minReplicas, maxReplicas, targetCpuPercent } = pulumi.config.hpa;
  const stack = await context.stack();
  await waitFor(
    'the autoscaler has CPU metrics',
    async () => {
      const { status } = await stack.kubectl.get<Autoscaler>(stack.apiNamespace, 'hpa/api');
      return (status.currentMetrics?.length ?? 0) > 0;
    },
    { within: 120, everyMs: 2000, signal },
  );
  await apply(context, { 'hpa:targetCpuPercent': String(TARGET_PERCENT) }, { rolls: [] });
  const recorder = new TimelineRecorder('API pods under load', stack, 'api');
  const load = await startLoad(stack, LOAD, signal);
  try {
    const begun = recorder.mark(`load: ${LOAD.users} users`);
    await waitFor(`${maxReplicas} API pods are ready`, async () => recorder.last?.ready === maxReplicas, {
      within: WITHIN_SECONDS,
      everyMs: 1000,
      signal,
    });
    const decided = secondsUntil(recorder.moments, begun, ({ wanted }) => wanted > minReplicas);
    const more = secondsUntil(recorder.moments, begun, ({ ready }) => ready > minReplicas);
    const all = secondsUntil(recorder.moments, begun, ({ ready }) => ready === maxReplicas);
    context.took('from load to the decision for more pods', decided!);
    context.took('from load to the first additional ready pod', more!);
    context.took(`from load to all ${maxReplicas} pods`, all!);
    const pods = await stack.pods('api');
    const nodes = new Set(pods.map(({ spec }) => spec.nodeName));
    check(
      `all ${maxReplicas} pods are scheduled and ready`,
      pods.length === maxReplicas && pods.every(isReady),
      `on ${nodes.size} nodes`,
    );
    recorder.mark('load ends');
  } finally {
    checkLoad(context, await load.end(), null);
    context.keep(await recorder.stop());
  }
  await apply(context, { 'hpa:targetCpuPercent': String(targetCpuPercent) }, { rolls: [] });
  const again = await pulumi.up();
  check('Pulumi leaves the replicas to the autoscaler', again.ok && changesNothing(again), again.resources.join(', '));
};
