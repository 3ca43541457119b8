import type { CombiningRule, SignCounts } from "../rule.ts";
import { bandwidthOf, largestCluster, type Point } from "./mean-shift.ts";
import { clipFactor, medianOf, onUpdates, updateNorms } from "./measures.ts";

/** Norms that pass, in medians of the norms. */
const BAND = { from: 0.1, to: 3 };
/** Of the bandwidth: below what one coordinate changes of any model's fractions. Equal fractions need a width, too. */
const LEAST_BANDWIDTH = 1e-10;

/**
 * SignGuard (Xu et al. 2022, "Byzantine-robust Federated Learning through Collaborative Malicious Gradient
 * Filtering"): an update passes when its norm lies between 0.1 and 3 medians of the norms, and when it is
 * in the largest mean-shift cluster of the sign statistics (the fractions of its coordinates above, at and below zero;
 * bandwidth quantile 0.5). The mean of those that pass both, clipped to the median norm.
 *
 * The plain form: no similarity feature, and all coordinates are counted where the paper samples a tenth of them to save
 * work. An attacker with honest norm and honest sign fractions passes (a permutation of an honest update does). Nobody
 * passing makes the aggregate zero, said so. Within C rows leave the result within C: sensitivity 2C.
 */
export function signGuard({ numByzantine: f }: { readonly numByzantine: number }): CombiningRule {
  return {
    kind: "combine",
    name: "SignGuard",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    sensitivity: (_n, clipNorm) => 2 * clipNorm,
    carriesCentralNoise: false,
    weighted: false,
    needs: { signCounts: true, betweenUpdates: false },
    combine: ({ geometry, signCounts }) => {
      const norms = updateNorms(geometry);
      const median = medianOf(norms);
      const points = signFractions(signCounts as SignCounts);
      const alike = largestCluster(points, Math.max(LEAST_BANDWIDTH, bandwidthOf(points, 0.5)));
      const withinBand = norms.map((norm) => Number(BAND.from * median <= norm && norm <= BAND.to * median));
      const signsAlike = Float64Array.from(alike, Number);
      const passed = withinBand.map((it, i) => it * (signsAlike[i] as number));
      const numPassed = passed.reduce((sum, it) => sum + it, 0);
      const factor = norms.map((norm) => clipFactor(norm, median));
      const weights = passed.map((it, i) => (it === 0 ? 0 : (factor[i] as number) / numPassed));
      return {
        coefficients: onUpdates(geometry, weights),
        perUpdate: { withinBand, signsAlike, clipFactor: factor },
        remarks: numPassed > 0 ? [] : [NOBODY_PASSED],
      };
    },
  };
}

const NOBODY_PASSED = "SignGuard: no update passed both filters; the aggregate is zero";

function signFractions({ positive, zero, negative }: SignCounts): readonly Point[] {
  return Array.from(positive, (above, i) => {
    const [at, below] = [zero[i] as number, negative[i] as number];
    const all = above + at + below;
    return [above / all, at / all, below / all];
  });
}
