// Whether the stack fits where it runs: memory, CPU and disk of Docker, or of a cluster's nodes.
import { grouped } from '../../config/keys.ts';
import type { StackNeeds } from '../stack/needs.ts';

/** What there is. Undefined: it could not be found out. */
export interface Room {
  /** Memory of the Docker engine, or of all nodes that take pods, MiB. */
  readonly memoryMiB: number;
  /** Cores of the same. */
  readonly cpus: number;
  /** Memory of the largest node, MiB. @default all of it is one machine's */
  readonly largestNodeMiB?: number;
  /** Free disk where Docker keeps its images and volumes, GiB. */
  readonly freeDiskGiB?: number;
}

/** Memory in words. */
export const gib = (mib: number): string => `${(mib / 1024).toFixed(1)} GiB`;

/** What to do for a stack that is too large. */
const SMALLER = 'choose a smaller stack (docs/operations.md, What a machine needs)';

/**
 * What does not fit, each with what to do; empty where all fits. What else runs there is not
 * counted.
 *
 * @param where `docker`, whose memory can often be raised, or `nodes`
 */
export function roomProblems(needs: StackNeeds, room: Room, where: 'docker' | 'nodes'): readonly string[] {
  const { memoryMiB, cpuMillis, largest, diskGiB } = needs;
  const has = where === 'docker' ? 'Docker has' : "the cluster's nodes have";
  const more = where === 'docker' ? 'give Docker more (Docker Desktop: Settings, Resources)' : 'add nodes';
  const { largestNodeMiB = room.memoryMiB, freeDiskGiB = diskGiB } = room;
  return [
    ...(memoryMiB > room.memoryMiB
      ? [`the stack takes ${gib(memoryMiB)} of memory, and ${has} ${gib(room.memoryMiB)}: ${more}, or ${SMALLER}`]
      : []),
    ...(largest.requestMiB > largestNodeMiB
      ? [
          `a pod of ${largest.name} takes ${gib(largest.requestMiB)} of memory, and the largest node has ${gib(largestNodeMiB)}: use larger nodes, or ${SMALLER}`,
        ]
      : []),
    ...(cpuMillis > room.cpus * 1_000
      ? [`the stack requests ${cpuMillis / 1_000} cores, and ${has} ${grouped(room.cpus)}: ${more}, or ${SMALLER}`]
      : []),
    ...(diskGiB > freeDiskGiB
      ? [
          `images and data take ${diskGiB} GiB of disk, and Docker has ${freeDiskGiB.toFixed(1)} GiB left: make room (docker system df shows what takes it)`,
        ]
      : []),
  ];
}

const UNITS: Readonly<Record<string, number>> = { Ki: 1 / 1024, Mi: 1, Gi: 1024, '': 1 / (1024 * 1024) };

/** Memory in Kubernetes' notation, such as `16384Ki`, in MiB. */
export function mebibytes(quantity: string): number {
  const [, number, unit = ''] = /^(\d+)(Ki|Mi|Gi)?$/.exec(quantity) ?? [];
  return number === undefined ? 0 : Number(number) * UNITS[unit]!;
}

/** CPU in Kubernetes' notation, such as `3920m` or `4`, in cores. */
const cores = (quantity: string): number =>
  quantity.endsWith('m') ? Number(quantity.slice(0, -1)) / 1_000 : Number(quantity);

/** Prints one node a line: memory, CPU, and whether it takes no pods. */
export const NODES_FORMAT =
  '--output=jsonpath={range .items[*]}{.status.allocatable.memory} {.status.allocatable.cpu} {.spec.unschedulable}{"\\n"}{end}';

/** Reads what `kubectl get nodes` prints in that format. Undefined where no node takes pods. */
export function parseNodes(printed: string): Room | undefined {
  const nodes = printed
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([memory, , unschedulable]) => memory && unschedulable !== 'true')
    .map(([memory = '', cpu = '']) => ({ memoryMiB: mebibytes(memory), cpus: cores(cpu) }));
  if (nodes.length === 0) return undefined;
  return {
    memoryMiB: nodes.reduce((sum, node) => sum + node.memoryMiB, 0),
    cpus: nodes.reduce((sum, node) => sum + node.cpus, 0),
    largestNodeMiB: Math.max(...nodes.map(({ memoryMiB }) => memoryMiB)),
  };
}

/** Prints memory in bytes, cores and the folder of images and volumes, tab-separated. */
export const ENGINE_FORMAT = '--format={{.MemTotal}}\t{{.NCPU}}\t{{.DockerRootDir}}';

/**
 * Reads what `docker info` prints in that format. Undefined where it is not known.
 *
 * @param freeBytes free space where the folder is, which may be in a virtual machine
 */
export async function parseEngine(
  printed: string,
  freeBytes: (folder: string) => Promise<number | undefined>,
): Promise<Room | undefined> {
  const [memory, cpus, folder = ''] = printed.trim().split('\t');
  if (!Number(memory) || !Number(cpus)) return undefined;
  const free = await freeBytes(folder);
  return {
    memoryMiB: Number(memory) / (1024 * 1024),
    cpus: Number(cpus),
    ...(free !== undefined && { freeDiskGiB: free / 1024 ** 3 }),
  };
}
