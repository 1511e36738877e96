// Memory of a broker's pod.

/**
 * What the JVM takes besides its heap: measured 80 MiB under load (docs/results.md). The rest is for
 * the page cache of the partitions' indexes.
 */
const BASE_MIB = 224;
/** What G1 keeps about the heap. */
const G1_SHARE = 1 / 8;

/** Memory of the broker's container, MiB. */
export const brokerMemoryMiB = (heapMiB: number): number => Math.ceil(heapMiB * (1 + G1_SHARE)) + BASE_MIB;

/**
 * Memory of the agent's container, MiB. Measured: 40 MiB of its own; the rest is Node's code, which
 * the pods of a machine share.
 */
export const AGENT_MEMORY_MIB = 96;
