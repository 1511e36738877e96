import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UserError } from '../../tooling/errors.ts';
import { PROFILES } from '../profiles.ts';
import { arrivalTimes, describeTraffic, replayProfile } from './arrivals.ts';
import { MAX_LOG_SECONDS, readTraffic, type Traffic } from './read.ts';

const at = (second: number) =>
  `10.0.0.1 - - [17/May/2015:08:05:${String(second).padStart(2, '0')} +0000] "GET / HTTP/1.1" 200 0 "-" "curl"\n`;
const START = Date.parse('2015-05-17T08:05:00Z') / 1000;

describe('reading logs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'breakwater-replay-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const file = async (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };

  test('counts the requests of each second, of files and folders, gzip too, in any order', async () => {
    await mkdir(join(folder, 'day', 'deep'), { recursive: true });
    await file('day/deep/b.gz', Buffer.concat([gzipSync(at(2) + at(0)), gzipSync(at(2))]));
    await file('day/a.log', at(7).repeat(3));
    const single = await file('c', '{"StartUTC":"2015-05-17T08:05:02.999Z"}\r\n\r\n#Version: 1.0');
    const traffic = await readTraffic([single, join(folder, 'day')]);
    expect(traffic).toMatchObject({ requests: 7, files: 3, bad: 0, firstBad: undefined });
    expect(traffic.counts).toEqual(new Map([0, 2, 7].map((second, i) => [START + second, [1, 3, 3][i]])));
    expect(describeTraffic(traffic)).toBe('7 requests from 3 files (Traefik JSON, combined)');
  });

  test('counts lines of no known format and shows the first', async () => {
    const path = await file('a.log', `${at(0)}nonsense \u0000\n${at(1)}also nonsense\n`);
    const traffic = await readTraffic([path]);
    expect(traffic).toMatchObject({ requests: 2, bad: 2 });
    expect(describeTraffic(traffic)).toMatch(
      /; 2 lines of no known format, the first: .*a\.log:2: "nonsense \\u0000"$/,
    );
  });

  test('lines of any length, at any place of the reads', async () => {
    const long = `${at(0).slice(0, -3)}${'x'.repeat(3_000_000)}"\n`;
    const traffic = await readTraffic([await file('a.log', `${long}${at(1).repeat(20_000)}${long}${at(2).trimEnd()}`)]);
    expect(traffic).toMatchObject({ requests: 20_003, bad: 0 });
  });

  test.each([
    ['is absent', async () => join(folder, 'absent'), /cannot read .*absent: ENOENT/],
    [
      'is a broken gzip',
      async () => file('cut.gz', gzipSync(at(0).repeat(100)).subarray(0, 60)),
      /cannot read .*cut\.gz: unexpected end/,
    ],
  ])('fails when a file %s', async (_why, path, message) => {
    const read = readTraffic([await path()]);
    await expect(read).rejects.toThrow(UserError);
    await expect(read).rejects.toThrow(message);
  });

  test('an empty file is no traffic', async () => {
    const traffic = await readTraffic([await file('empty', ''), await file('short', 'x')]);
    expect(() => replayProfile(PROFILES.smoke!, traffic, options)).toThrow(/hold no request; 1 lines .*short:1: "x"/);
  });
});

const options = { factor: 1, timeScale: 1, connections: 50 };
const traffic = (counts: [number, number][]): Traffic => ({
  counts: new Map(counts),
  requests: 0,
  files: 1,
  formats: new Set(),
  bad: 0,
  firstBad: undefined,
});

describe('the profile of a replay', () => {
  const counts: [number, number][] = [
    [START + 3, 30],
    [START, 10],
  ];
  test('has the rate of each second, with its gaps', () => {
    const { name, stages, arrivals, keepAlive, mixed } = replayProfile(PROFILES.mixed!, traffic(counts), options);
    expect(arrivals).toEqual({ stepSeconds: 1, rates: [10, 0, 0, 30], connections: 50 });
    expect({ name, stages, keepAlive, mixed }).toEqual({
      name: 'replay',
      stages: [{ seconds: 4, users: 50 }],
      keepAlive: true,
      mixed: true,
    });
  });
  test('scales the rates and the time apart', () => {
    const { stages, arrivals } = replayProfile(PROFILES.smoke!, traffic(counts), {
      ...options,
      factor: 0.5,
      timeScale: 0.1,
    });
    expect(arrivals).toMatchObject({ stepSeconds: 0.1, rates: [5, 0, 0, 15] });
    expect(stages[0]!.seconds).toBeCloseTo(0.4);
  });
  test('covers seven days at most', () => {
    const of = (seconds: number) => () =>
      replayProfile(
        PROFILES.smoke!,
        traffic([
          [START, 1],
          [START + seconds - 1, 1],
        ]),
        options,
      );
    expect(of(MAX_LOG_SECONDS)().arrivals!.rates).toHaveLength(MAX_LOG_SECONDS);
    expect(of(MAX_LOG_SECONDS + 1)).toThrow(/more than seven days, from 2015-05-17T08:05:00Z to 2015-05-24T08:05:00Z/);
  });
});

describe('the times of arrivals', () => {
  const times = (stepSeconds: number, rates: number[]) => [...arrivalTimes({ stepSeconds, rates, connections: 1 })];
  const rounded = (list: number[]) => list.map((time) => Number(time.toFixed(3)));
  test('are even within a step', () => {
    expect(rounded(times(1, [2, 0, 4]))).toEqual([0.25, 0.75, 2.125, 2.375, 2.625, 2.875]);
    expect(rounded(times(0.5, [4, 2]))).toEqual([0.125, 0.375, 0.75]);
  });
  test('carry fractions of a request over', () => {
    expect(times(1, Array(10).fill(0.3))).toHaveLength(3);
    expect(rounded(times(1, [0.1, 0.4, 0.5]))).toEqual([2]);
  });
  test('lose none', () => {
    const rates = Array.from({ length: 1000 }, (_, i) => i % 7);
    const perStep = Array(1000).fill(0);
    for (const time of times(1, rates)) perStep[Math.floor(time)]++;
    expect(perStep).toEqual(rates);
  });
});
