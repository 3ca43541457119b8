import { sumOfSquares } from "../vector/norms.ts";
import { tf } from "./tensorflow.ts";

/** A sum in float64 of gradients of some weights, each times a factor. */
export interface GradientSum {
  /** @param factor 0 adds nothing, not even of what is not finite */
  add(gradients: readonly Float32Array[], factor: number): void;
  tensors(): tf.Tensor[];
}

export function gradientSum(weights: readonly tf.Tensor[]): GradientSum {
  const sums = weights.map((it) => new Float64Array(it.size));
  return {
    add(gradients, factor) {
      if (factor === 0) return;
      gradients.forEach((gradient, i) => {
        const sum = sums[i] as Float64Array;
        for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + factor * (gradient[j] as number);
      });
    },
    tensors: () => sums.map((sum, i) => tf.tensor(Float32Array.from(sum), (weights[i] as tf.Tensor).shape)),
  };
}

/** Squared L2 norm over all weights together, in float64. */
export function squareOf(gradients: readonly Float32Array[]): number {
  return gradients.reduce((sum, it) => sumOfSquares(it, sum), 0);
}
