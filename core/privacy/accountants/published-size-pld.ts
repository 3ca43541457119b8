import { sampledGaussianDelta } from "./gaussian-pld.ts";
import type { Adjacency } from "./mechanism.ts";
import type { LossCurve } from "./privacy-loss-distribution.ts";
import { type PublishedSize, sizeClasses } from "./published-size.ts";
import { logAdd, logExpm1, logNormalCdf, normalCdf } from "./special-functions.ts";

type Direction = "remove" | "add";

/**
 * The loss of a Gaussian sum over a Poisson sample together with the size of that sample, whatever the others contribute:
 * noise of z sensitivities under `adjacency`, neighbours of one population. The size has one distribution in both worlds,
 * and of a given size every set is as likely: the curve is the average of those of uniform subsets.
 */
export function publishedSizeLoss(
  z: number,
  sampling: PublishedSize,
  adjacency: Adjacency,
  direction: Direction,
): LossCurve {
  const classes = sizeClasses(sampling);
  const largest = Math.max(...classes.filter(({ weight }) => weight > NEGLIGIBLE).map(({ share }) => share));
  const reach = greatestLoss(z, largest);
  const deltaAt = (epsilon: number) =>
    classes.reduce((sum, { weight, share }) => sum + weight * subsetDelta(z, share, adjacency, direction, epsilon), 0);
  return tabulated({ deltaAt, low: -reach, high: reach });
}

/** Sizes that nobody will see decide nothing about how far losses reach. */
const NEGLIGIBLE = 1e-25;
/** Losses beyond so many standard deviations of the noise are left to the infinite loss. */
const REACH = 9.6;

/**
 * delta(epsilon), for any real epsilon, of a Gaussian sum over a uniform subset of fixed size that holds the protected
 * client with probability `share`, which is public: at most, for any contributions, and attained.
 *
 * A subset with the client is one without it in which the client took another's place. By joint convexity the worst of all
 * subsets and others bounds the divergence of P = (1-p) N(y) + p N(x) from Q = (1-p) N(y) + p N(x'), where x becomes x' and
 * y is the other's contribution. Of any set A with N(x)(A) = a, N(y)(A) and N(x')(A) are at least Phi(Phi^-1(a) - distance/z),
 * so for epsilon >= 0 the supremum of P(A) - e^eps Q(A) is that of points on a line, as far apart as they can be:
 *
 * - `zero-out`, x becomes 0: x = 1, y = -1. The other way, 0 becomes x: y = x, the plain Poisson curve.
 * - `replace-one`, in units of the diameter: x = 1, x' = y = 0, the plain Poisson curve (Zhu, Dong and Wang 2022, theorem 11).
 *
 * Below 0, delta_{P,Q}(eps) = 1 - e^eps + e^eps delta_{Q,P}(-eps). For every A, P(A) - e^eps Q(A) is linear in p and 0 at
 * best where p = 0, so the supremum does not fall with p.
 */
export function subsetDelta(
  z: number,
  share: number,
  adjacency: Adjacency,
  direction: Direction,
  epsilon: number,
): number {
  if (share === 0) return Math.max(0, -Math.expm1(epsilon));
  const isBesideOthers = adjacency === "zero-out" && (direction === "remove") === epsilon >= 0;
  if (!isBesideOthers) return sampledGaussianDelta(z, share, epsilon >= 0 ? "remove" : "add", epsilon);
  if (epsilon >= 0) return besideOthersDelta(z, share, epsilon);
  return -Math.expm1(epsilon) + Math.exp(epsilon) * besideOthersDelta(z, share, -epsilon);
}

/**
 * sup_A P(A) - e^eps Q(A) for P = (1-p) N(-1, z^2) + p N(1, z^2), Q = (1-p) N(-1, z^2) + p N(0, z^2), epsilon >= 0. A is a half-line, as
 * P/Q grows; where it begins, u = e^(c/z^2) solves p k u^2 - p e^eps u - (e^eps - 1)(1-p) k = 0, k = e^(-1/(2z^2)).
 */
function besideOthersDelta(z: number, p: number, epsilon: number): number {
  const logP = Math.log(p);
  const logOthers = logExpm1(epsilon) + Math.log1p(-p);
  const logRoot = logAdd(2 * (epsilon + logP), 2 * Math.LN2 + logP + logOthers - 1 / (z * z)) / 2;
  const from = z * z * (logAdd(epsilon + logP, logRoot) - Math.LN2 - logP) + 0.5;
  const zeroed = Math.exp(epsilon + logP + logNormalCdf(-from / z));
  const others = Math.exp(logOthers + logNormalCdf((-1 - from) / z));
  return Math.max(0, p * normalCdf((1 - from) / z) - zeroed - others);
}

/** ln(P/Q) of those two where P has next to nothing beyond. */
function greatestLoss(z: number, p: number): number {
  const x = 1 + REACH * z;
  const logOthers = Math.log1p(-p) - (2 * x + 1) / (2 * z * z);
  const logP = Math.log(p);
  return logAdd(logOthers, logP + (2 * x - 1) / (2 * z * z)) - logAdd(logOthers, logP);
}

/** Between knots so far apart, as a part of epsilon; about 0 as a part of the second. */
const KNOT_STEP = 0.02;
const KNOTS_FROM = 1e-4;

/** The curve of a discrete distribution that dominates: straight between knots in e^epsilon, in which the true one is convex. */
function tabulated({ deltaAt, low, high }: LossCurve): LossCurve {
  const first = Math.floor(Math.asinh(low / KNOTS_FROM) / KNOT_STEP) - 1;
  const last = Math.ceil(Math.asinh(high / KNOTS_FROM) / KNOT_STEP) + 1;
  const knot = (k: number) => KNOTS_FROM * Math.sinh((first + k) * KNOT_STEP);
  const known = Float64Array.from({ length: last - first + 1 }, (_, k) => deltaAt(knot(k)));
  const between = (epsilon: number): number => {
    const k = Math.floor(Math.asinh(epsilon / KNOTS_FROM) / KNOT_STEP) - first;
    const [before, after] = [known[k], known[k + 1]];
    if (before === undefined || after === undefined) return deltaAt(epsilon);
    const along = Math.expm1(epsilon - knot(k)) / Math.expm1(knot(k + 1) - knot(k));
    return before + (after - before) * Math.min(1, Math.max(0, along));
  };
  return { deltaAt: between, low, high };
}
