// A value read from elsewhere: the latest one, its age, and none rather than a wrong one.
import { expect, test } from '@jest/globals';
import { Reading } from './reading.ts';

function scene() {
  const clock = { now: 1_000 };
  const errors: string[] = [];
  const asked: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const read = () => new Promise<number>((resolve, reject) => asked.push({ resolve, reject }));
  const reading = new Reading(
    read,
    (error) => void errors.push(error.message),
    () => clock.now,
  );
  return { clock, errors, asked, reading };
}

test('there is no value before the first answer', () => {
  const { reading } = scene();
  expect(reading.value).toBeUndefined();
  expect(reading.ageMs).toBe(Number.POSITIVE_INFINITY);
});

test('a value is as old as its question', async () => {
  const { reading, asked, clock } = scene();
  const answered = reading.refresh();
  clock.now += 300;
  asked[0]!.resolve(7);
  await answered;
  expect(reading).toMatchObject({ value: 7, ageMs: 300 });
});

test('while the source is slow the last value stays, grows old, and is dropped in the end', async () => {
  const { reading, asked, clock } = scene();
  const answered = reading.refresh();
  asked[0]!.resolve(7);
  await answered;
  clock.now += 1_000;
  void reading.refresh();
  void reading.refresh();
  expect(asked).toHaveLength(2);
  clock.now += 9_000;
  expect(reading).toMatchObject({ value: 7, ageMs: 10_000 });
  clock.now += 1;
  expect(reading.value).toBeUndefined();
});

test('a source that never answers is asked again; its late answer is void', async () => {
  const { reading, asked, clock } = scene();
  const first = reading.refresh();
  clock.now += 10_001;
  const second = reading.refresh();
  asked[1]!.resolve(2);
  await second;
  asked[0]!.resolve(1);
  await first;
  expect(reading.value).toBe(2);
});

test('a source that fails has no value until it answers again', async () => {
  const { reading, asked, errors } = scene();
  for (const [i, outcome] of [7, new Error('away'), 8].entries()) {
    const answered = reading.refresh();
    if (outcome instanceof Error) asked[i]!.reject(outcome);
    else asked[i]!.resolve(outcome);
    await answered;
    expect(reading.value).toBe(outcome instanceof Error ? undefined : outcome);
  }
  expect(errors).toEqual(['away']);
});
