import { expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from './parse.ts';
import { configWarnings } from './warnings.ts';

const warningsOf = (raw: RawConfig) =>
  configWarnings(parseStackConfig(raw)).map(({ key, message }) => `${key}: ${message}`);

test.each<[what: string, raw: RawConfig, warning: string, better: RawConfig]>([
  [
    'more partitions than the volumes hold',
    { 'kafka:partitions': 12 },
    'kafka:retentionMiB: is 4096 MiB for each of 12 partitions: stored records can fill kafka:volumeGiB (32 GiB on each of 3 brokers) before they are deleted; use at most 2372 MiB',
    { 'kafka:partitions': 12, 'kafka:retentionMiB': 2372 },
  ],
  [
    'a producer that fills the partitions too soon',
    { 'producer:rate': 100 },
    'kafka:retentionHours: is 168 h, but kafka:retentionMiB (4096 MiB) wins, which producer:rate 100 alone fills in 50 h',
    { 'producer:rate': 100, 'kafka:retentionHours': 50 },
  ],
  [
    "a volume that Redis' file and the next one can fill",
    { 'redis:memoryMiB': 8192 },
    'redis:volumeGiB: is 16 GiB: the append-only file of redis:memoryMiB (8192 MiB) can fill it while it is rewritten; use at least 32 GiB, or less memory',
    { 'redis:memoryMiB': 8192, 'redis:volumeGiB': 32 },
  ],
  [
    'the volume of a small Redis, whose file may be large',
    { 'redis:memoryMiB': 256, 'redis:volumeGiB': 1 },
    'redis:volumeGiB: is 1 GiB: the append-only file of redis:memoryMiB (256 MiB) can fill it while it is rewritten; use at least 2 GiB, or less memory',
    { 'redis:memoryMiB': 256, 'redis:volumeGiB': 2 },
  ],
])('%s', (_what, raw, warning, better) => {
  expect(warningsOf(raw)).toEqual([warning]);
  expect(warningsOf(better)).toEqual([]);
});

test('the defaults, Redis Streams and external servers give none', () => {
  expect(warningsOf({})).toEqual([]);
  expect(warningsOf({ 'queue:kind': 'redis-streams', 'redis:memoryMiB': 2048, 'producer:rate': 1_000 })).toEqual([]);
  expect(warningsOf({ 'kafka:external': 'kafka:9092', 'kafka:partitions': 12 })).toEqual([]);
  expect(warningsOf({ 'redis:external': 'redis://redis:6379', 'redis:volumeGiB': 1 })).toEqual([]);
});
