import { describe, expect, test } from '@jest/globals';
import { PartitionSizes } from './sizes.ts';

describe('bytes between offsets', () => {
  test('by the mean of what was there at first, and exactly at samples after that', () => {
    const sizes = new PartitionSizes();
    sizes.sample(100, 200, 1_000);
    expect(sizes.between(150, 200)).toBe(500);
    sizes.sample(100, 210, 1_000_000);
    expect(sizes.between(200, 210)).toBe(999_000);
    expect(sizes.between(205, 210)).toBe(499_500);
    expect(sizes.between(100, 210)).toBe(1_000_000);
  });

  test('of records after the last sample by the mean', () => {
    const sizes = new PartitionSizes();
    sizes.sample(0, 100, 1_000);
    expect(sizes.between(100, 150)).toBe(500);
  });

  test('nothing before there is a sample, and nothing in an empty log', () => {
    const sizes = new PartitionSizes();
    expect(sizes.between(0, 10)).toBe(0);
    sizes.sample(5, 5, 0);
    expect(sizes.between(5, 5)).toBe(0);
    sizes.sample(5, 15, 100);
    expect(sizes.between(5, 15)).toBe(100);
  });

  test('stay known when old segments go', () => {
    const sizes = new PartitionSizes();
    sizes.sample(0, 100, 10_000);
    sizes.sample(0, 200, 110_000);
    sizes.sample(150, 210, 60_000); // segments of 60,000 bytes went, 10 records came
    expect(sizes.between(150, 200)).toBe(50_000);
    expect(sizes.between(200, 210)).toBe(5_500);
  });

  test('begin anew when the log was cut', () => {
    const sizes = new PartitionSizes();
    sizes.sample(0, 100, 10_000);
    sizes.sample(0, 50, 5_000);
    expect(sizes.between(0, 50)).toBe(5_000);
  });

  test('and the other way round: where the last N bytes begin', () => {
    const sizes = new PartitionSizes();
    sizes.sample(0, 100, 1_000);
    sizes.sample(0, 200, 11_000);
    expect(sizes.offsetBefore(200, 5_000)).toBe(150);
    expect(sizes.offsetBefore(200, 10_500)).toBe(50);
    expect(sizes.offsetBefore(200, 20_000)).toBe(0);
    expect(sizes.offsetBefore(200, 0)).toBe(200);
  });

  test('with bounded memory', () => {
    const sizes = new PartitionSizes();
    for (let i = 0; i <= 10_000; i++) sizes.sample(0, i * 10, i * 1_000);
    expect(sizes.between(50_000, 100_000)).toBe(5_000_000);
  });
});
