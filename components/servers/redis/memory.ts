// Memory of Redis' container.

/** Memory of Redis itself and of its clients' buffers. */
const BASE_MIB = 128;

/**
 * Memory of the container, MiB. Redis forks to rewrite the append-only file, and each page that
 * changes meanwhile exists twice. In a full cache under load, nearly all of them change: with less,
 * the kernel would kill Redis exactly then. A stack that needs a small Redis sets
 * `redis:memoryMiB`.
 */
export const containerMemoryMiB = (memoryMiB: number): number => 2 * memoryMiB + BASE_MIB;
