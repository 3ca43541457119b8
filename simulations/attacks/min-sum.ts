import type { Attack } from "./attack.ts";
import { collusion } from "./crafting.ts";
import { along, dot, meanOf, squaredDistance } from "./moments.ts";
import { directionOf, type Perturbation, type Stretch } from "./stretch.ts";

/**
 * MinSum (Shejwalkar and Houmansadr 2021): all attackers send mu + gamma p with the largest gamma that keeps the sum of
 * squared distances to the honest deltas at most as great as the greatest such sum of an honest one.
 */
export function minSum({ perturbation, from }: Stretch): Attack {
  return collusion(from, (rows) => farthestBySum(rows, perturbation));
}

/** As the deviations from the mean sum to 0: sum_i ||mu + gamma p - x_i||^2 = n gamma^2 ||p||^2 + sum_i ||mu - x_i||^2. */
export function farthestBySum(rows: readonly Float32Array[], perturbation: Perturbation): Float32Array {
  const mean = meanOf(rows);
  const p = directionOf(perturbation, rows, mean);
  const a = rows.length * dot(p, p);
  if (a === 0) return Float32Array.from(mean);
  const spread = sum(rows.map((row) => squaredDistance(mean, row)));
  const largest = Math.max(...rows.map((row) => sum(rows.map((other) => squaredDistance(row, other)))));
  return along(mean, p, Math.sqrt(Math.max(0, largest - spread) / a));
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
