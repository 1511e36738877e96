// Finds what a mistyped key was meant to be.
import { distance } from 'fastest-levenshtein';
import { configKeys } from './schema.ts';

/** How far a key is from a valid one; a wrong or missing namespace before the right name counts little. */
function farness(key: string, candidate: { readonly key: string; readonly name: string }): number {
  const name = key.slice(key.lastIndexOf(':') + 1);
  const whole = distance(key.toLowerCase(), candidate.key.toLowerCase());
  return Math.min(whole, distance(name.toLowerCase(), candidate.name.toLowerCase()) + 2);
}

/** The valid keys that come nearest to `key`: one, or several that are equally near (at most three). */
export function nearestKeys(key: string): readonly string[] {
  const scored = configKeys.map((candidate) => ({ key: candidate.key, farness: farness(key, candidate) }));
  const least = Math.min(...scored.map((candidate) => candidate.farness));
  return scored
    .filter((candidate) => candidate.farness === least)
    .slice(0, 3)
    .map((candidate) => candidate.key);
}
