import { permutation } from "../../../core/random/random.ts";
import type { PreAggregator } from "../rule.ts";

/**
 * Bucketing (Karimireddy et al. 2022, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing", algorithm
 * 1): the updates, in an order drawn when the round closed, are cut into buckets of s = `size`, and every bucket becomes
 * its mean; the last one has what is left, and averages over that.
 *
 * Unlike updates become more alike, their variance falls by s; but one attacker spoils a bucket, so that f of n become
 * f of ceil(n/s). What comes out stands for no client. An update in a smaller last bucket counts for more than others.
 */
export function bucketing({
  numByzantine: f,
  size,
}: {
  readonly numByzantine: number;
  readonly size: number;
}): PreAggregator {
  const numOutputs = (n: number) => Math.ceil(n / size);
  return {
    name: "Bucketing",
    feasible: (n) => n > 2 * size * f && n >= 1,
    requirement: `at least ${2 * size * f + 1} updates (f < n/(2 size), size = ${size}, f = ${f})`,
    needs: {},
    keepsClients: false,
    numOutputs,
    mix: ({ numUpdates, numRows }, random) => {
      const order = permutation(random, numUpdates);
      const values = new Float64Array(numOutputs(numUpdates) * numRows);
      for (let bucket = 0; bucket < numOutputs(numUpdates); bucket++) {
        const members = order.subarray(bucket * size, (bucket + 1) * size);
        for (const i of members) values[bucket * numRows + i + 1] = 1 / members.length;
      }
      return { numOutputs: numOutputs(numUpdates), numRows, values };
    },
  };
}
