import { norm } from "./norms.ts";

/**
 * The vector scaled down to an L2 norm of at most `clipNorm` (McMahan et al. 2018, "Learning Differentially Private
 * Recurrent Language Models", section 2.1); as it is when its norm is small enough. Rounding to float32 may lift the
 * scaled norm over the bound, so it is measured again and scaled a little further. What is not finite becomes the
 * zero vector: it still counts as an update, and moves nothing.
 */
export function clip(values: Float32Array, clipNorm: number): Float32Array {
  const length = norm(values);
  if (!Number.isFinite(length)) return new Float32Array(values.length);
  if (length <= clipNorm) return values;
  let clipped = scaled(values, clipNorm / length);
  for (let shrink = 2 ** -24; norm(clipped) > clipNorm; shrink *= 2) {
    clipped = scaled(values, (clipNorm / length) * (1 - shrink));
  }
  return clipped;
}

function scaled(values: Float32Array, factor: number): Float32Array {
  return values.map((value) => value * factor);
}
