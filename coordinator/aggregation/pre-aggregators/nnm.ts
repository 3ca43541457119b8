import type { Geometry, PreAggregator } from "../rule.ts";

/**
 * Nearest-neighbour mixing (Allouah et al. 2023, "Fixing by mixing", algorithm 2): every update becomes the mean of
 * the n - f updates nearest to it, itself included; ties go to the lowest row, that is the lowest client id. It takes
 * a rule's kappa to at most 8f/(n-f) (kappa + 1), which matters when clients hold unlike data.
 */
export function nnm({ numByzantine: f }: { readonly numByzantine: number }): PreAggregator {
  return {
    name: "NNM",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    needs: {},
    keepsClients: true,
    numOutputs: (n) => n,
    mix: (geometry) => {
      const { numUpdates, numRows } = geometry;
      const values = new Float64Array(numUpdates * numRows);
      const numNearest = numUpdates - f;
      for (let i = 0; i < numUpdates; i++) {
        for (const row of nearest(geometry, i + 1, numNearest)) values[i * numRows + row] = 1 / numNearest;
      }
      return { numOutputs: numUpdates, numRows, values };
    },
  };
}

function nearest({ numUpdates, numRows, squaredDistances }: Geometry, row: number, count: number): number[] {
  const distance = (other: number) => squaredDistances[row * numRows + other] as number;
  return Array.from({ length: numUpdates }, (_, i) => i + 1)
    .sort((a, b) => distance(a) - distance(b) || a - b)
    .slice(0, count);
}
