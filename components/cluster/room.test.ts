// Whether a stack fits: every message, and how the figures are read.
import { describe, expect, test } from '@jest/globals';
import type { StackNeeds } from '../stack/needs.ts';
import { mebibytes, parseEngine, parseNodes, type Room, roomProblems } from './room.ts';

const redis = {
  name: 'redis',
  replicas: 1,
  most: 1,
  requestMiB: 4_224,
  limitMiB: 4_224,
  cpuMillis: 100,
  volumeGiB: 16,
};
const needs: StackNeeds = { memoryMiB: 7_680, mostMemoryMiB: 9_000, cpuMillis: 1_500, largest: redis, diskGiB: 11 };
const enough: Room = { memoryMiB: 8_192, cpus: 2, largestNodeMiB: 8_192, freeDiskGiB: 20 };
const SMALLER = 'choose a smaller stack (docs/operations.md, What a machine needs)';

test('it fits, and what is not known is not in the way', () => {
  expect(roomProblems(needs, enough, 'docker')).toEqual([]);
  expect(roomProblems(needs, { memoryMiB: 7_680, cpus: 1.5 }, 'nodes')).toEqual([]);
});

test.each<[string, Partial<Room>, 'docker' | 'nodes', string]>([
  [
    'memory of Docker',
    { memoryMiB: 4_096, largestNodeMiB: 8_192 },
    'docker',
    `the stack takes 7.5 GiB of memory, and Docker has 4.0 GiB: give Docker more (Docker Desktop: Settings, Resources), or ${SMALLER}`,
  ],
  [
    'memory of the nodes',
    { memoryMiB: 6_144 },
    'nodes',
    `the stack takes 7.5 GiB of memory, and the cluster's nodes have 6.0 GiB: add nodes, or ${SMALLER}`,
  ],
  [
    'the largest pod',
    { largestNodeMiB: 3_072 },
    'nodes',
    `a pod of redis takes 4.1 GiB of memory, and the largest node has 3.0 GiB: use larger nodes, or ${SMALLER}`,
  ],
  [
    'CPU',
    { cpus: 1 },
    'docker',
    `the stack requests 1.5 cores, and Docker has 1: give Docker more (Docker Desktop: Settings, Resources), or ${SMALLER}`,
  ],
  [
    'disk',
    { freeDiskGiB: 3.21 },
    'docker',
    'images and data take 11 GiB of disk, and Docker has 3.2 GiB left: make room (docker system df shows what takes it)',
  ],
])('%s', (_name, room, where, problem) => {
  expect(roomProblems(needs, { ...enough, ...room }, where)).toEqual([problem]);
});

describe('reading', () => {
  test.each([
    ['16384Ki', 16],
    ['512Mi', 512],
    ['2Gi', 2_048],
    ['1073741824', 1_024],
    ['?', 0],
  ])('%s is %d MiB', (quantity, mib) => {
    expect(mebibytes(quantity)).toBe(mib);
  });

  test('nodes: the sum, the largest, and none that is cordoned', () => {
    expect(parseNodes('8388608Ki 2 \n4194304Ki 3920m \n99999999Ki 64 true\n')).toEqual({
      memoryMiB: 12_288,
      cpus: 5.92,
      largestNodeMiB: 8_192,
    });
    expect(parseNodes('')).toBeUndefined();
  });

  test('Docker: the disk is known only if its folder is on this machine', async () => {
    const printed = `${8 * 1024 ** 3}\t4\t/var/lib/docker\n`;
    const free = async (folder: string) => (folder === '/var/lib/docker' ? 50 * 1024 ** 3 : undefined);
    expect(await parseEngine(printed, free)).toEqual({ memoryMiB: 8_192, cpus: 4, freeDiskGiB: 50 });
    expect(await parseEngine(printed, async () => undefined)).toEqual({ memoryMiB: 8_192, cpus: 4 });
    expect(await parseEngine('', free)).toBeUndefined();
  });
});
