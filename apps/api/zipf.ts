// Zipf's law: a few records are asked for often, most hardly ever.

/** Gives a rank from 0 to n-1, the lower the likelier. @param random from 0 (inclusive) to 1 */
export type RankSampler = (n: number, random?: number) => number;

/**
 * @param exponent 0 = uniform; 1 = rank r is r+1 times rarer than rank 0
 * @param max greatest `n` that will be asked for
 */
export function createZipf(exponent: number, max: number): RankSampler {
  // Cumulative weights: those of the first n ranks serve every n.
  const cumulative = new Float64Array(max);
  let sum = 0;
  for (let rank = 0; rank < max; rank++) cumulative[rank] = sum += (rank + 1) ** -exponent;
  return (n, random = Math.random()) => {
    const target = random * cumulative[n - 1]!;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
