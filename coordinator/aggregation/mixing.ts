import type { Mixing } from "./rule.ts";

/** The mixing that does `inner` first and `outer` to its outputs: their matrix product, with the origin kept. */
export function composed(outer: Mixing, inner: Mixing): Mixing {
  const values = new Float64Array(outer.numOutputs * inner.numRows);
  for (let i = 0; i < outer.numOutputs; i++) {
    values.set(throughMixing(updateWeights(outer, i), inner), i * inner.numRows + 1);
  }
  return { numOutputs: outer.numOutputs, numRows: inner.numRows, values };
}

/** Coefficients over a mixing's outputs, as coefficients over the updates that it mixes. */
export function throughMixing(coefficients: Float64Array, mixing: Mixing): Float64Array {
  const result = new Float64Array(mixing.numRows - 1);
  for (const [i, coefficient] of coefficients.entries()) {
    const weights = updateWeights(mixing, i);
    for (let j = 0; j < result.length; j++) {
      result[j] = (result[j] as number) + coefficient * (weights[j] as number);
    }
  }
  return result;
}

/** Row i of the mixing matrix without the origin, which adds nothing to a sum. */
export function updateWeights({ numRows, values }: Mixing, i: number): Float64Array {
  return values.subarray(i * numRows + 1, (i + 1) * numRows);
}
