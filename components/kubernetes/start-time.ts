// How long a workload may take until its pods are ready.

/**
 * Seconds. The first `up` on a line of 20 Mbit/s needs most of them, because each node pulls each
 * image: test/program/policies/slow-line.ts computes how many. Kubernetes and Pulumi give up after
 * ten minutes by default, Helm after five.
 */
export const START_SECONDS = 1_500;

/** Options of a resource that Pulumi waits for. */
export const startTimeouts = { create: `${START_SECONDS}s`, update: `${START_SECONDS}s` } as const;
