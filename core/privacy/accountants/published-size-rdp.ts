import type { Adjacency } from "./mechanism.ts";
import { type PublishedSize, sizeClasses } from "./published-size.ts";
import { gaussianRdp } from "./rdp.ts";

/** Panels of half a standard deviation of the noise, with so many nodes, integrate whatever orders up to `FARTHEST` ask for. */
const NODES = 12;
const PANEL = 0.5;
/** Orders beyond so many standard deviations are not integrated. */
const FARTHEST = 16;
/** Standard deviations beyond which the integrand is nothing. */
const REACH = 10;
/** Of parts of the integral that are not looked at: e^-50 of them. */
const NEGLIGIBLE = -50;

/**
 * Renyi divergences of what publishedSizeLoss accounts for (published-size-pld.ts). With f(r) = r^a - 1 - a (r - 1) >= 0,
 *
 *   E_Q[(P/Q)^a] = 1 + E_Q[f(P/Q); P > Q] + E_Q[f(P/Q); P < Q],
 *
 * the first from the pair whose hockey-stick is worst for epsilon > 0, the second from the one that is worst below 0: P > Q
 * is the half-line from 1/2 on in either. The other direction's divergence is no larger. Full participation is never
 * cheaper, and stands for orders whose integral would be long, or leave the range of a double.
 */
export function publishedSizeRdp(z: number, sampling: PublishedSize, adjacency: Adjacency): (order: number) => number {
  const rule = gaussLegendre(NODES);
  const classes = sizeClasses(sampling)
    .filter(({ share }) => share > 0)
    .map(({ weight, share }) => ({ weight, line: halfLines(z, share, adjacency, rule) }));
  return (order) => {
    const whole = gaussianRdp(z, order);
    if (order > FARTHEST * z) return whole;
    const excess = classes.reduce((sum, { weight, line }) => sum + weight * excessMoment(line, order), 0);
    return Math.min(whole, Math.log1p(excess) / (order - 1));
  };
}

/** The output's points: ln of the density of Q times what the integral counts them for, P/Q - 1 and ln(P/Q). */
interface Points {
  readonly logWeights: Float64Array;
  readonly excess: Float64Array;
  readonly losses: Float64Array;
}

/** E_Q[f(P/Q)]. */
function excessMoment({ logWeights, excess, losses }: Points, order: number): number {
  let sum = 0;
  for (let i = 0; i < losses.length; i++) {
    const u = excess[i] as number;
    const logPower = order * (losses[i] as number);
    const logWeight = logWeights[i] as number;
    // f is below a, or the power
    if (logWeight + Math.max(0, logPower) < NEGLIGIBLE) continue;
    sum += logPower > 300 ? Math.exp(logWeight + logPower) : Math.exp(logWeight) * beyondTangent(order, u, logPower);
  }
  return sum;
}

/** (1 + u)^a - 1 - a u, also where the terms would cancel. */
function beyondTangent(a: number, u: number, logPower: number): number {
  if (Math.abs(a * u) > 1e-3) return Math.max(0, Math.expm1(logPower) - a * u);
  return ((a * (a - 1)) / 2) * u * u * (1 + ((a - 2) / 3) * u * (1 + ((a - 3) / 4) * u));
}

function halfLines(z: number, share: number, adjacency: Adjacency, rule: readonly Node[]): Points {
  const panels = Math.ceil((2 * FARTHEST + REACH) / PANEL);
  const first = -Math.ceil(REACH / PANEL);
  const points = Array.from({ length: panels - first }, (_, i) =>
    rule.map(({ x, weight }) => ({ at: (first + i + x) * PANEL, weight: weight * PANEL })),
  ).flat();
  const pairs = points.map(({ at }) => pairAt(z, share, at < 0 ? "below" : adjacency, 0.5 + at * z));
  return {
    logWeights: Float64Array.from(points, ({ weight }, i) => Math.log(weight * z) + (pairs[i]?.logQ as number)),
    excess: Float64Array.from(pairs, ({ excess }) => excess),
    losses: Float64Array.from(pairs, ({ excess }) => Math.log1p(excess)),
  };
}

/** ln q and P/Q - 1 at x for the pair that is worst there, both told by the density of N(0, z^2). */
function pairAt(z: number, p: number, pair: Adjacency | "below", x: number): { logQ: number; excess: number } {
  const towards = (2 * x - 1) / (2 * z * z);
  const relative = {
    below: () => (1 - p) * Math.exp(towards) + p,
    "zero-out": () => (1 - p) * Math.exp(-(2 * x + 1) / (2 * z * z)) + p,
    "replace-one": () => 1,
  }[pair]();
  const logDensity = (-x * x) / (2 * z * z) - Math.log(z * Math.sqrt(2 * Math.PI));
  return { logQ: logDensity + Math.log(relative), excess: (p * Math.expm1(towards)) / relative };
}

interface Node {
  /** In (0, 1). */
  readonly x: number;
  readonly weight: number;
}

/** The nodes and weights of Gauss and Legendre for (0, 1): roots of the n-th Legendre polynomial, by Newton's iteration. */
function gaussLegendre(n: number): readonly Node[] {
  return Array.from({ length: n }, (_, i) => {
    let root = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let step = 0; step < 20; step++) {
      const [value, before] = legendre(n, root);
      slope = (n * (root * value - before)) / (root * root - 1);
      root -= value / slope;
    }
    return { x: (1 - root) / 2, weight: 1 / ((1 - root * root) * slope * slope) };
  });
}

/** P_n(x) and P_(n-1)(x). */
function legendre(n: number, x: number): readonly [number, number] {
  let [value, before] = [x, 1];
  for (let k = 2; k <= n; k++) [value, before] = [((2 * k - 1) * x * value - (k - 1) * before) / k, value];
  return [value, before];
}
