// A change of the AWS half, which no pod notices.
import { apply } from '../apply.ts';
import type { Step } from '../context.ts';
import { checkDataPath } from '../data-path.ts';

export const aws: Step = async (context) => {
  const { natPerZone, maxNodesPerZone } = context.pulumi.config.aws;
  for (const isChanged of [true, false])
    await apply(
      context,
      {
        'aws:natPerZone': String(isChanged ? !natPerZone : natPerZone),
        'aws:maxNodesPerZone': String(isChanged ? maxNodesPerZone + 1 : maxNodesPerZone),
      },
      { rolls: [] },
    );
  await checkDataPath(context);
};
