import type { Geometry, Mixing } from "../rule.ts";

/** The mixing that multiplies every update by its factor. */
export function scaling({ numUpdates, numRows }: Geometry, factors: Float64Array): Mixing {
  const values = new Float64Array(numUpdates * numRows);
  for (const [i, factor] of factors.entries()) values[i * numRows + i + 1] = factor;
  return { numOutputs: numUpdates, numRows, values };
}
