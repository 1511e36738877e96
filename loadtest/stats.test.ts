// The sampler against an API that answers with old numbers, or not at all.
import { expect, test } from '@jest/globals';
import { LocalServer } from '../test/local-server.ts';
import { until } from '../test/until.ts';
import { longestGap, type Sample, Sampler } from './stats.ts';

test('numbers are as old as the API says', async () => {
  const server = await LocalServer.start((_req, res) => res.end(JSON.stringify({ lag: 7, age_ms: 60_000 })));
  const sampler = new Sampler(server.url, performance.now());
  try {
    await until(() => sampler.last);
    expect(sampler.last).toMatchObject({ lag: 7 });
    expect(sampler.last!.t).toBeLessThan(-50);
    expect(sampler.ageSeconds).toBeGreaterThanOrEqual(60);
  } finally {
    await sampler.stop();
    await server.close();
  }
});

test('older numbers, which another process of the API gives, are not taken for the last ones', async () => {
  let answers = 0;
  const server = await LocalServer.start((_req, res) => {
    answers++;
    res.end(JSON.stringify(answers === 2 ? { lag: 99, age_ms: 60_000 } : { lag: answers, age_ms: 0 }));
  });
  const sampler = new Sampler(server.url, performance.now());
  try {
    await until(() => answers >= 3 && sampler.last?.lag === 3);
    expect(sampler.samples.map(({ lag }) => lag)).toEqual([1, 3]);
  } finally {
    await sampler.stop();
    await server.close();
  }
});

test('without an answer there is no age', async () => {
  const sampler = new Sampler('http://127.0.0.1:1', performance.now());
  expect(sampler.ageSeconds).toBeUndefined();
  await sampler.stop();
});

test.each([
  [[], 10, 10],
  [[1, 2, 9, 10], 10, 7],
  [[1, 2, 3, 3, 3], 10, 7],
  [[-60, -60], 10, 10],
  [[1, 2, 3, 12], 3, 1],
  // Another process of the API answers, with older numbers.
  [[1, 2, 8, 9, 3, 10], 10, 6],
  [[1, 2, 3, -5, 4], 4, 1],
])('the longest time without new numbers of %j within %i s is %i s', (times, seconds, expected) =>
  expect(
    longestGap(
      times.map((t) => ({ t }) as Sample),
      seconds,
    ),
  ).toBe(expected),
);
