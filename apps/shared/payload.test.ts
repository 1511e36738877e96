import { describe, expect, test } from '@jest/globals';
import { fnv1a, payloadFor } from './payload.ts';

describe('payloadFor', () => {
  test.each([1, 5, 511, 512, 65_536, 200_000])('has %d characters', (chars) => {
    expect(payloadFor('run/1/2', 3, chars)).toHaveLength(chars);
  });

  test('names its origin and index, then goes on with plain text', () => {
    expect(payloadFor('run/1/2', 3, 512)).toMatch(/^run\/1\/2#3 [\w ]{502}$/);
  });

  test('is the same in every process and every version: the ledger of an old run must still agree', () => {
    expect(payloadFor('run/1/2', 3, 40)).toMatchInlineSnapshot(`"run/1/2#3 ctiZKIWLO1SmwjITk Ph6QQzcIlcwv"`);
    expect(fnv1a(payloadFor('run/1/2', 3, 512))).toMatchInlineSnapshot(`1881788285`);
  });

  test('differs from index to index and from origin to origin', () => {
    const texts = ['a', 'b', 'a/1', 'a/11'].flatMap((origin) =>
      [0, 1, 11].map((index) => payloadFor(origin, index, 64).replace(/^\S+ /, '')),
    );
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe('fnv1a', () => {
  // Published test vectors of the 32-bit FNV-1a.
  test.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of "%s"', (text, hash) => {
    expect(fnv1a(text)).toBe(hash);
  });
});
