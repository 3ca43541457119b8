import type { CombiningRule, Geometry } from "../rule.ts";
import { distancesTo } from "./point.ts";

/**
 * Centered clipping (Karimireddy et al. 2021, "Learning from history", section 5): from v, the aggregate of the
 * round before, v += mean_i (x_i - v) min(1, tau / ||x_i - v||), `iterations` times. Each attacker moves it by at most
 * tau/n in an iteration, whatever it sends; how close it comes to the honest mean rests on where it starts.
 *
 * An iteration is a gradient step of length 1 on a function that is convex and 1-smooth, so it brings no two points
 * farther apart, and one replaced row moves it by at most 2 min(tau, C)/n: with v public, the sensitivity is
 * 2L min(tau, C)/n for L iterations. A row replaced by zero moves it as far when v is not zero, since it is clipped
 * on the other side of v. The aggregate of the round before is public once noise has been added to it.
 */
export function centeredClipping({
  numByzantine: f,
  tau,
  iterations,
}: {
  readonly numByzantine: number;
  readonly tau: number;
  readonly iterations: number;
}): CombiningRule {
  const sensitivity = (n: number, clipNorm: number) => (2 * iterations * Math.min(tau, clipNorm)) / n;
  return {
    kind: "combine",
    name: "CenteredClipping",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    sensitivity,
    carriesCentralNoise: true,
    zeroOutSensitivity: sensitivity,
    weighted: false,
    // the first iteration starts on a row, and distances to it are all that it reads
    needs: { references: ["previousAggregate"], innerProducts: iterations > 1, betweenUpdates: iterations > 1 },
    combine: ({ geometry, references }) => {
      let centre: Float64Array = new Float64Array(geometry.numRows);
      centre[references.get("previousAggregate") as number] = 1;
      let clipFactor: Float64Array = new Float64Array(geometry.numUpdates);
      for (let iteration = 0; iteration < iterations; iteration++) {
        clipFactor = clipFactors(geometry, centre, tau);
        centre = pulled(centre, clipFactor);
      }
      return { coefficients: centre, perUpdate: { clipFactor } };
    },
  };
}

function clipFactors(geometry: Geometry, centre: Float64Array, tau: number): Float64Array {
  const distances = distancesTo(geometry, centre);
  return Float64Array.from({ length: geometry.numUpdates }, (_, i) => Math.min(1, tau / (distances[i + 1] as number)));
}

/** The centre after mean_i s_i (x_i - v) has been added to it. */
function pulled(centre: Float64Array, factors: Float64Array): Float64Array {
  const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
  const next = centre.map((coefficient) => coefficient * (1 - mean));
  for (const [i, factor] of factors.entries()) next[i + 1] = (next[i + 1] as number) + factor / factors.length;
  return next;
}
