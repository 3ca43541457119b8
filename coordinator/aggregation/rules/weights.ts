/** What of the whole weight counts as nothing, so that the rounding of a sum never makes a majority. */
const NEGLIGIBLE = 1e-9;

/**
 * Whether any f updates hold less than half of the weight: 2 f max(w) < sum(w). With equal weights, or before weights
 * are known, that is n > 2f.
 */
export function honestMajority(f: number, n: number, weights?: Float64Array): boolean {
  if (weights === undefined) return n > 2 * f;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total - 2 * f * greatest(weights) > NEGLIGIBLE * total;
}

export function majorityRequirement(f: number): string {
  return `at least ${2 * f + 1} updates, any ${f} of them with less than half of the weight (2 f max w < sum w, f = ${f})`;
}

export function greatest(weights: Float64Array): number {
  return weights.reduce((a, b) => Math.max(a, b), 0);
}

/**
 * The value with half of the weight on either side; where the border falls between two, their mean. Of values without
 * weight none is looked at. NaN where there is no weight.
 */
export function weightedMedianOf(values: Float64Array, weights: Float64Array): number {
  const order = Array.from(values.keys()).sort((i, j) => (values[i] as number) - (values[j] as number));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const reaching = (part: number) => {
    let below = 0;
    const place = order.find((i) => {
      below += weights[i] as number;
      return below / total > part;
    });
    return place === undefined ? Number.NaN : (values[place] as number);
  };
  return (reaching(0.5 - NEGLIGIBLE) + reaching(0.5 + NEGLIGIBLE)) / 2;
}
