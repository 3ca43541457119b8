import { logAdd, logExpm1 } from "./special-functions.ts";

/** Above this order the sharper of the two bounds on a term is no longer computed. */
const SHARP_UP_TO = 256;
/** Points of the integral per standard deviation. */
const POINTS = 20;
/** Standard deviations beyond which the integrand is nothing. */
const REACH = 14;

/**
 * Renyi divergences of the Gaussian mechanism on exactly m of N clients drawn uniformly (rate = m/N); neighbours differ
 * by one client replaced, and the noise multiplier is relative to the sensitivity 2C of that (Wang, Balle and
 * Kasiviswanathan 2019, "Subsampled Renyi differential privacy and analytical moments accountant", theorem 27).
 * Between integers (order - 1) * rdp is interpolated linearly: it is convex.
 */
export function withoutReplacementRdp(noiseMultiplier: number, rate: number): (order: number) => number {
  const moments = centralMoments(1 / noiseMultiplier);
  const logMoment = (order: number) => (order <= 1 ? 0 : theorem27(noiseMultiplier, rate, order, moments));
  return (order) => {
    if (rate === 0) return 0;
    const below = Math.floor(order);
    const share = order - below;
    const low = logMoment(below);
    const interpolated = share === 0 ? low : (1 - share) * low + share * logMoment(below + 1);
    return interpolated / (order - 1);
  };
}

function theorem27(z: number, rate: number, order: number, logCentralMoment: (l: number) => number): number {
  const logRate = Math.log(rate);
  const divergence = (j: number) => (j * (j - 1)) / (2 * z * z);
  let logSum = 0;
  let logBinomial = Math.log(order);
  for (let j = 2; j <= order; j++) {
    logBinomial += Math.log((order - j + 1) / j);
    let logTerm = Math.LN2 + divergence(j);
    if (j === 2) logTerm = Math.min(logTerm, Math.log(4) + logExpm1(divergence(2)));
    else if (order <= SHARP_UP_TO) {
      const [floor, ceil] = [2 * Math.floor(j / 2), 2 * Math.ceil(j / 2)];
      logTerm = Math.min(logTerm, Math.log(4) + (logCentralMoment(floor) + logCentralMoment(ceil)) / 2);
    }
    logSum = logAdd(logSum, j * logRate + logBinomial + logTerm);
  }
  return logSum;
}

/**
 * ln of the theorem's B(l), for even l. B(l) is the l-th forward difference at 0 of k -> e^(k(k-1)s^2/2), and that is
 * E[Y^k] of the lognormal Y = e^(X - s^2/2), X ~ N(0, s^2): so B(l) = E[(Y - 1)^l], an integral of non-negative values
 * that the trapezoid rule takes to machine precision, where differences would cancel to nothing.
 */
function centralMoments(s: number): (l: number) => number {
  const known = new Map<number, number>();
  return (l) => {
    const found = known.get(l);
    if (found !== undefined) return found;
    const moment = logCentralMoment(s, l);
    known.set(l, moment);
    return moment;
  };
}

/** l s from which on (Y - 1)^l <= 1 + Y^l is taken for its value: they differ by less than a part in 1e14. */
const FAR = 100;

function logCentralMoment(s: number, l: number): number {
  if (l * s > FAR) return logAdd(0, (l * (l - 1) * s * s) / 2);
  const step = 1 / POINTS;
  let logSum = Number.NEGATIVE_INFINITY;
  for (let u = -REACH; u <= REACH + l * s; u += step) {
    const deviation = Math.abs(Math.expm1(s * u - (s * s) / 2));
    const logValue = l * logOf(deviation, s * u - (s * s) / 2) - (u * u) / 2;
    logSum = logAdd(logSum, logValue);
  }
  return logSum + Math.log(step / Math.sqrt(2 * Math.PI));
}

/** ln|e^x - 1|, also where e^x overflows. */
function logOf(deviation: number, x: number): number {
  return x > 700 ? x : Math.log(deviation);
}
