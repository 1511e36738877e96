import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../test/random.ts';
import { createCatalogue } from './catalogue.ts';
import { createZipf } from './zipf.ts';

const ids = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `id${from + i}`);

function filled(capacity: number, count: number, exponent = 1, seed = 1) {
  const catalogue = createCatalogue(capacity, createZipf(exponent, capacity), seededRandom(seed));
  for (const id of ids(count)) catalogue.add(id);
  return catalogue;
}

describe('createCatalogue', () => {
  test.each([0, 1, 4, 5])('knows %d: gives them all when asked for five', (count) => {
    expect(filled(100, count).pick(5).sort()).toEqual(ids(count));
  });

  test('gives different ids, of those it knows', () => {
    const catalogue = filled(100, 7, 3);
    for (let i = 0; i < 1_000; i++) {
      const picked = catalogue.pick(5);
      expect(new Set(picked).size).toBe(5);
      expect(ids(7)).toEqual(expect.arrayContaining(picked));
    }
  });

  test('some are hot and some are not', () => {
    const catalogue = filled(1_000, 1_000);
    const counts = new Map<string, number>();
    for (let i = 0; i < 2_000; i++) for (const id of catalogue.pick(5)) counts.set(id, (counts.get(id) ?? 0) + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(sorted[0]!).toBeGreaterThan(20 * sorted[Math.floor(sorted.length / 2)]!);
  });

  test('never knows more than its capacity', () => {
    const catalogue = filled(10, 1_000);
    expect(catalogue.size).toBe(10);
    expect(catalogue.pick(10)).toHaveLength(10);
  });

  test('reports each id that takes a place', () => {
    const catalogue = createCatalogue(2, createZipf(1, 2), () => 0.6);
    expect(ids(4).map((id) => catalogue.add(id))).toEqual([true, true, true, false]);
  });

  test('once full it is a fair sample of all that were added', () => {
    const runs = 2_000;
    const kept = new Map<string, number>();
    for (let seed = 0; seed < runs; seed++)
      for (const id of filled(5, 20, 0, seed).pick(5)) kept.set(id, (kept.get(id) ?? 0) + 1);
    // Each of the 20 is kept in 5 of 20 runs: 500 of 2000, give or take four standard deviations.
    for (const id of ids(20)) {
      expect(kept.get(id)).toBeGreaterThan(420);
      expect(kept.get(id)).toBeLessThan(580);
    }
  });
});
