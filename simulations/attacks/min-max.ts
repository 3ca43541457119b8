import type { Attack } from "./attack.ts";
import { collusion } from "./crafting.ts";
import { along, dot, meanOf, squaredDistance } from "./moments.ts";
import { directionOf, type Perturbation, type Stretch } from "./stretch.ts";

/**
 * MinMax (Shejwalkar and Houmansadr 2021): all attackers send mu + gamma p with the largest gamma that
 * keeps the row at most as far from every honest delta as two honest deltas are from each other.
 */
export function minMax({ perturbation, from }: Stretch): Attack {
  return collusion(from, (rows) => farthestByMaximum(rows, perturbation));
}

/**
 * The papers bisect for gamma. It has a closed form: ||mu + gamma p - x_i||^2 <= D^2 is a quadratic inequality for every
 * i, true at gamma = 0 since the mean is no farther from x_i than the farthest row; the least of their greater roots
 * is the answer.
 */
export function farthestByMaximum(rows: readonly Float32Array[], perturbation: Perturbation): Float32Array {
  const mean = meanOf(rows);
  const p = directionOf(perturbation, rows, mean);
  const a = dot(p, p);
  if (a === 0) return Float32Array.from(mean);
  const largest = Math.max(...rows.flatMap((x, i) => rows.slice(0, i).map((y) => squaredDistance(x, y))), 0);
  const roots = rows.map((row) => {
    const b = dot(p, mean) - dot(p, row);
    const c = squaredDistance(mean, row) - largest;
    return (-b + Math.sqrt(Math.max(0, b * b - a * c))) / a;
  });
  return along(mean, p, Math.min(...roots));
}
