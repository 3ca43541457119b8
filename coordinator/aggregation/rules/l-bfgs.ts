/** A vector given by its coordinates in some basis. */
export type Coordinates = Float64Array;

/** A step and the change of the gradient along it. */
export interface CurvaturePair {
  readonly step: Coordinates;
  readonly change: Coordinates;
}

/**
 * B v for the L-BFGS matrix of the pairs (the oldest first) in its compact form (Byrd, Nocedal and Schnabel 1994,
 * "Representations of Quasi-Newton Matrices and Their Use in Limited Memory Methods", theorem 2.3), starting at sigma I:
 *
 *     B = sigma I - [sigma S  Y] M^-1 [sigma S  Y]',   M = [sigma S'S  L; L'  -D],
 *
 * L and D being the part of S'Y below its diagonal and the diagonal, sigma = s'y / s's of the last pair. M is regular
 * when all s'y have one sign; without pairs, or where rounding makes it singular, the answer is zero.
 *
 * @param product the inner product of two vectors, from their coordinates
 */
export function hessianTimes(
  pairs: readonly CurvaturePair[],
  v: Coordinates,
  product: (a: Coordinates, b: Coordinates) => number,
): Coordinates {
  const last = pairs.at(-1);
  if (last === undefined) return v.map(() => 0);
  const sigma = product(last.step, last.change) / product(last.step, last.step);
  const basis = [...pairs.map(({ step }) => step.map((it) => sigma * it)), ...pairs.map(({ change }) => change)];
  const weights = solve(
    middle(pairs, sigma, product),
    basis.map((it) => product(it, v)),
  );
  if (weights === undefined) return v.map(() => 0);
  return v.map((value, k) =>
    basis.reduce((sum, it, j) => sum - (weights[j] as number) * (it[k] as number), sigma * value),
  );
}

/** M, row by row. */
function middle(
  pairs: readonly CurvaturePair[],
  sigma: number,
  product: (a: Coordinates, b: Coordinates) => number,
): number[][] {
  const lower = (i: number, j: number) =>
    i > j ? product((pairs[i] as CurvaturePair).step, (pairs[j] as CurvaturePair).change) : 0;
  const above = pairs.map(({ step }, i) => [
    ...pairs.map((other) => sigma * product(step, other.step)),
    ...pairs.map((_, j) => lower(i, j)),
  ]);
  const below = pairs.map(({ step, change }, i) => [
    ...pairs.map((_, j) => lower(j, i)),
    ...pairs.map((_, j) => (i === j ? -product(step, change) : 0)),
  ]);
  return [...above, ...below];
}

/** The solution of a square system by elimination with partial pivoting; undefined where there is none. */
function solve(matrix: number[][], right: readonly number[]): readonly number[] | undefined {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    const size = (i: number) => Math.abs((rows[i] as number[])[k] as number);
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (size(i) > size(pivot)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot] as number[], rows[k] as number[]];
    for (let i = k + 1; i < n; i++) eliminate(rows[i] as number[], rows[k] as number[], k);
  }
  const solution = new Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    const row = rows[k] as number[];
    const known = solution.reduce((sum, it, j) => (j > k ? sum + (row[j] as number) * it : sum), 0);
    solution[k] = ((row[n] as number) - known) / (row[k] as number);
  }
  return solution.every(Number.isFinite) ? solution : undefined;
}

function eliminate(row: number[], pivot: readonly number[], k: number): void {
  const factor = (row[k] as number) / (pivot[k] as number);
  for (let j = k; j < row.length; j++) row[j] = (row[j] as number) - factor * (pivot[j] as number);
}
