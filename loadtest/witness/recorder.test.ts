import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readWitness, type Witness } from './log.ts';
import { judge, judgeFailure } from './outcome.ts';
import { Recorder } from './recorder.ts';

const engine = { cpuPercent: null, lateP99Ms: null, memoryMiB: null };
const ids = ['1', '2', '3', '4', '5'];
const accepted = judge(200, JSON.stringify({ status: 'success', writes: ids, reads: ids }));
const timeout = judgeFailure(Object.assign(new Error(), { code: 'TIMEOUT' }), true);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-recorder-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('each request is in the log and in the figures; one that is only suspected is in the log alone', async () => {
  const file = join(directory, 'witness.bin');
  const recorder = new Recorder(file);
  recorder.record(3, 0, accepted, 10);
  recorder.record(3, 1, timeout, 60_000);
  expect(recorder.takeSecond(0, 2)).toMatchObject({ t: 0, users: 2, requests: 2, accepted: 1, errors: 1 });
  recorder.recordUnknown(3, 2);
  expect(await recorder.close(1, engine)).toMatchObject({ seconds: 1, requests: 2, accepted: 1, unknown: 1 });
  const entries: Witness[] = [];
  for await (const entry of readWitness(file)) entries.push(entry);
  expect(entries).toEqual([
    { user: 3, iteration: 0, outcome: 'accepted', checksum: accepted.checksum },
    { user: 3, iteration: 1, outcome: 'unknown', checksum: 0 },
    { user: 3, iteration: 2, outcome: 'unknown', checksum: 0 },
  ]);
});

test('a log that cannot be written fails the recording at once, and its close', async () => {
  const recorder = new Recorder(join(directory, 'no', 'such', 'folder'));
  await expect(recorder.failed).rejects.toThrow('ENOENT');
  await expect(recorder.close(1, engine)).rejects.toThrow();
});
