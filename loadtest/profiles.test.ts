import { describe, expect, test } from '@jest/globals';
import { peakUsers, totalSeconds } from '../config/load-profiles.ts';
import { PROFILES, scaleProfile, usersAt } from './profiles.ts';

describe('users over time', () => {
  const stages = [
    { seconds: 10, users: 100 },
    { seconds: 20, users: 100 },
    { seconds: 5, users: 0 },
  ];
  test.each([
    [0, 0],
    [1, 10],
    [9.99, 100],
    [10, 100],
    [29, 100],
    [30, 100],
    [32.5, 50],
    [34.99, 0],
    [35, 0],
    [1000, 0],
  ])('after %d s there are %d', (second, users) => expect(usersAt(stages, second)).toBe(users));

  test('a stage without duration is a jump', () => {
    const jump = [
      { seconds: 0, users: 50 },
      { seconds: 10, users: 50 },
    ];
    expect(usersAt(jump, 0)).toBe(50);
  });
});

describe('profiles', () => {
  test.each([
    ['smoke', 20, 10],
    ['demo', 1000, 60],
    ['stress', 5000, 780],
    ['stress-10k', 10_000, 780],
    ['spike', 10_000, 270],
    ['soak', 2000, 660],
    ['cold', 200, 60],
    ['mixed', 50, 60],
  ])('%s: %d users, %d s', (name, users, seconds) => {
    const { stages, question } = PROFILES[name]!;
    expect(peakUsers(stages)).toBe(users);
    expect(totalSeconds(stages)).toBe(seconds);
    expect(question).toMatch(/\?$/);
  });

  test('stress never pauses; spike pauses 10 to 15 s and opens a connection each time', () => {
    expect(PROFILES.stress).toMatchObject({ thinkSeconds: [0, 0], keepAlive: true });
    expect(PROFILES.spike).toMatchObject({ thinkSeconds: [10, 15], keepAlive: false });
    for (const { thresholds } of Object.values(PROFILES))
      expect(thresholds).toEqual({ p95Ms: 2000, p99Ms: 5000, failedRatio: 0.01 });
  });

  test('scales users and time apart', () => {
    const scaled = scaleProfile(PROFILES.stress!, { vus: 50, timeScale: 0.1 });
    expect(scaled.stages.map(({ users }) => users)).toEqual([10, 20, 50, 50, 0]);
    expect(scaled.stages.map(({ seconds }) => seconds)).toEqual([6, 12, 18, 30, 12]);
    expect(scaleProfile(PROFILES.stress!, {}).stages).toEqual(PROFILES.stress!.stages);
    expect(scaleProfile(PROFILES.stress!, { vus: 1 }).stages.map(({ users }) => users)).toEqual([1, 1, 1, 1, 0]);
  });
});
