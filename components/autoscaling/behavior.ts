// How fast an autoscaler adds and removes pods: the part of the HorizontalPodAutoscaler that both of ours share.

/** Kubernetes looks at the numbers this often. */
const SYNC_SECONDS = 15;

/**
 * Adds what is missing at once, with each look up to three times what is there, or four pods; waits with removing as the
 * cooldown says, and then takes a fifth away with each look, at least one. All at once would empty the queue, stop the pods,
 * and start them again: under a steady load it swung between one and six.
 *
 * @param cooldownSeconds how long fewer pods must have been enough
 */
export const behavior = (cooldownSeconds: number) => ({
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 200, periodSeconds: SYNC_SECONDS },
      { type: 'Pods', value: 4, periodSeconds: SYNC_SECONDS },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: cooldownSeconds,
    policies: [{ type: 'Percent', value: 20, periodSeconds: SYNC_SECONDS }],
  },
});
