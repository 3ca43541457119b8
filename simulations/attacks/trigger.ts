import { FederationError } from "../../core/errors.ts";
import { sizeOf } from "../../core/tensors/schema.ts";

/** A pixel by its row and column; negative ones count from the far edge, -1 being the last. */
export type Pixel = readonly [row: number, column: number];

/** The four pixels near the far corner of FLDetector's backdoor (Zhang et al. 2022): on 28 x 28 they are (26, 26) ... */
export const CORNER: readonly Pixel[] = [
  [-2, -2],
  [-2, -4],
  [-3, -3],
  [-4, -2],
];

/** The four strokes of four pixels of DBA (Xie et al. 2020) on MNIST; each attacker stamps one of them. */
export const STROKES: readonly (readonly Pixel[])[] = [
  [0, 0],
  [0, 6],
  [3, 0],
  [3, 6],
].map(([row, column]) => Array.from({ length: 4 }, (_, i): Pixel => [row as number, (column as number) + i]));

/** All strokes together: what the attackers train apart and use at once. */
export const ALL_STROKES: readonly Pixel[] = STROKES.flat();

/**
 * Where the pixels lie among an example's values: row-major, channels last, all channels of a pixel.
 *
 * @throws PLAN_INVALID unless examples are images that the trigger fits on
 */
export function offsetsOf(pixels: readonly Pixel[], shape: readonly number[]): number[] {
  const [height, width = 0, ...rest] = shape;
  const channels = sizeOf(rest);
  return pixels.flatMap(([row, column]) => {
    const y = row < 0 ? row + (height ?? 0) : row;
    const x = column < 0 ? column + width : column;
    if (shape.length > 3 || y < 0 || x < 0 || y >= (height ?? 0) || x >= width) {
      throw new FederationError(
        "PLAN_INVALID",
        `the trigger is pixel ${row}, ${column}, which examples of shape ${shape.join(" x ")} do not have: it needs images`,
      );
    }
    return Array.from({ length: channels }, (_, channel) => (y * width + x) * channels + channel);
  });
}
