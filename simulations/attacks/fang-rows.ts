import { along, dot, meanOf, stdDevOf } from "./moments.ts";

/** The signs s of the honest mean: where the aggregate would go, and the attack wants it not to. */
export function signsOf(rows: readonly Float32Array[]): Float64Array {
  return meanOf(rows).map(Math.sign);
}

/**
 * What is sent against Krum (section 3.2).
 * @returns -lambda s, which is as long as the longest honest row where lambda is 1
 */
export function againstSigns(rows: readonly Float32Array[]): (lambda: number) => Float32Array {
  const signs = signsOf(rows);
  const longest = Math.sqrt(Math.max(...rows.map((row) => dot(row, row))) / Math.max(1, dot(signs, signs)));
  return (lambda) => along(new Float64Array(signs.length), signs, -lambda * longest);
}

const BISECTIONS = 20;
const LONGEST = 10;

/** The greatest lambda that is picked, by bisection up to rows ten times as long as any honest one; 0 where none is. */
export async function greatestPicked(isPicked: (lambda: number) => Promise<boolean>): Promise<number> {
  let picked = 0;
  let refused = LONGEST;
  for (let i = 0; i < BISECTIONS; i++) {
    const lambda = (picked + refused) / 2;
    if (await isPicked(lambda)) picked = lambda;
    else refused = lambda;
  }
  return picked;
}

/** The paper's b: how far beyond the honest values a crafted one may lie, as a factor. */
const BEYOND = 2;

/**
 * What is sent against trimmed mean and median (section 3.3): where honest deltas would raise a coordinate, a value drawn
 * from below the least of them; where they would lower it, from above the greatest; where they do neither, their mean.
 *
 * @returns draws a row. `uniform` is from [0, 1): 0 is the honest extreme itself, 1 as far beyond it as the factor b says
 */
export function beyondHonest(rows: readonly Float32Array[]): (uniform: () => number, b?: number) => Float32Array {
  const signs = signsOf(rows);
  const extremes = signs.map((sign, k) => extremeAgainst(sign, rows, k));
  return (uniform, b = BEYOND) =>
    Float32Array.from(extremes, (extreme, k) => {
      const farEnd = extreme * (signs[k] as number) > 0 ? extreme / b : extreme * b;
      return extreme + uniform() * (farEnd - extreme);
    });
}

/** The least value of a coordinate whose mean is above 0, the greatest of one whose mean is below. */
function extremeAgainst(sign: number, rows: readonly Float32Array[], k: number): number {
  if (sign === 0) return 0;
  const farther = sign > 0 ? Math.min : Math.max;
  return rows.reduce((most, row) => farther(most, row[k] as number), sign * Infinity);
}

/** The same from three to four estimated standard deviations off the estimated mean: mu - s U[3, 4] sigma. */
export function beyondEstimate(rows: readonly Float32Array[], uniform: () => number): Float32Array {
  const mean = meanOf(rows);
  const sigma = stdDevOf(rows, mean);
  return Float32Array.from(mean, (mu, k) => mu - Math.sign(mu) * (3 + uniform()) * (sigma[k] as number));
}
