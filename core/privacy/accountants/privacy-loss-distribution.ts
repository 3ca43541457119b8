import { FederationError } from "../../errors.ts";
import { type FourierTransform, fourierTransform } from "./fft.ts";

/**
 * A privacy loss on a grid of `interval`: mass k lies at the loss (lowest + k) * interval, and
 * `infinite` where the loss has no bound. It dominates the true distribution, so what it proves is an upper bound.
 */
export interface LossDistribution {
  readonly interval: number;
  readonly lowest: number;
  readonly masses: Float64Array;
  readonly infinite: number;
}

/** One use of a mechanism: its hockey-stick curve, and where its losses lie but for a negligible mass. */
export interface LossCurve {
  /** The least delta at which it is (epsilon, delta)-private, for any real epsilon. */
  deltaAt(epsilon: number): number;
  readonly low: number;
  readonly high: number;
}

/** The finest grid. */
const FINEST_INTERVAL = 1e-4;
/** Points of a composition: a long one gets a coarser grid, which raises the bound by less than shows. */
const MOST_POINTS = 2 ** 16;
/** Points of a single use, which costs no transform. */
const MOST_POINTS_ALONE = 2 ** 18;
/** Points of the first look at a mechanism, which only tells how far its composed losses reach. */
const ROUGH_POINTS = 4096;
/** Mass that may be cut off on either side of a composition; it is added to the infinite loss. */
const TRUNCATED = 1e-15;

/**
 * Connects the dots of a hockey-stick curve (Doroshenko, Ghazi, Kamath, Kumar and Manurangsi 2022, "Connect the dots:
 * tighter discrete approximations of privacy loss distributions", theorem 3.3): the distribution whose delta(epsilon)
 * is exact on the grid and, in e^epsilon, a straight line between.
 */
function connectTheDots({ deltaAt, low, high }: LossCurve, interval: number): LossDistribution {
  const lowest = Math.floor(low / interval) - 1;
  const length = Math.ceil(high / interval) + 2 - lowest;
  const masses = new Float64Array(length);
  const falling = -Math.expm1(-interval);
  const rising = Math.expm1(interval);
  let before = -Math.expm1((lowest - 1) * interval);
  let at = deltaAt(lowest * interval);
  for (let k = 0; k < length; k++) {
    const after = k + 1 < length ? deltaAt((lowest + k + 1) * interval) : at;
    masses[k] = Math.max(0, (before - at) / falling - (at - after) / rising);
    before = at;
    at = after;
  }
  return { interval, lowest, masses, infinite: Math.max(0, at) };
}

export type Uses = readonly { readonly curve: LossCurve; readonly times: number }[];

/** The loss of all mechanisms together, each used so many times, independently. */
export function composed(uses: Uses): LossDistribution {
  const [only, ...others] = uses;
  if (only?.times === 1 && others.length === 0) {
    const { low, high } = only.curve;
    return whole(connectTheDots(only.curve, Math.max(FINEST_INTERVAL, (high - low) / MOST_POINTS_ALONE)));
  }
  const { parts, interval, low, high } = discretised(uses);
  const lowest = Math.floor(low / interval);
  const length = Math.ceil(high / interval) + 1 - lowest;
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, length)));
  const transform = fourierTransform(size);
  const re = new Float64Array(size).fill(1);
  const im = new Float64Array(size);
  let logFinite = 0;
  for (const { distribution, times } of parts) {
    multiplyByPower(re, im, distribution, times, transform);
    logFinite += times * Math.log1p(-distribution.infinite);
  }
  shift(re, im, lowest);
  transform.inverse(re, im);
  const masses = re.subarray(0, length).map((value) => Math.max(0, value / size));
  return whole({ interval, lowest, masses, infinite: Math.min(1, -Math.expm1(logFinite) + 2 * TRUNCATED) });
}

/** Mass that rounding may take away. */
const ROUNDED = 1e-6;

/**
 * The distribution with what rounding took of it as an infinite loss: too little mass would prove too small an epsilon.
 * @throws PRIVACY_UNSUPPORTED where that is too much
 */
function whole({ infinite, ...distribution }: LossDistribution): LossDistribution {
  const { interval, masses } = distribution;
  const missing = 1 - masses.reduce((sum, mass) => sum + mass, infinite);
  if (!Number.isFinite(interval) || !(missing <= ROUNDED)) throw broken(`lacks ${missing} of its mass`);
  return { ...distribution, infinite: infinite + Math.max(0, missing) };
}

function broken(how: string): FederationError {
  return new FederationError("PRIVACY_UNSUPPORTED", `a privacy loss distribution that ${how} proves nothing`);
}

/** The smallest epsilon >= 0 with delta(epsilon) <= delta; infinite where the infinite loss alone weighs more. */
export function epsilonOf(distribution: LossDistribution, delta: number): number {
  const { interval, lowest, masses, infinite } = distribution;
  if (infinite > delta) return Number.POSITIVE_INFINITY;
  let above = infinite;
  // sum of masses above, each times e^(loss here - its loss)
  let scaled = 0;
  const step = Math.exp(-interval);
  for (let k = masses.length - 1; k >= 0; k--) {
    const loss = (lowest + k) * interval;
    scaled *= step;
    if (above - scaled > delta || loss < 0) return epsilonBetween(loss, interval, above - delta, scaled);
    const mass = masses[k] as number;
    above += mass;
    scaled += mass;
  }
  return lowest * interval;
}

/** Where above - scaled e^(epsilon - loss) meets delta, from the loss to the next; epsilon is never negative. */
function epsilonBetween(loss: number, interval: number, excess: number, scaled: number): number {
  return excess <= 0 ? 0 : Math.max(0, loss + Math.min(interval, Math.log(excess / scaled)));
}

interface Window {
  readonly low: number;
  readonly high: number;
}

/** What is composed, and where its losses lie together. */
interface Discretised extends Window {
  readonly parts: Parts;
  readonly interval: number;
}

/** How often a grid may turn out too short for what lies on it, and by how much: a coarse one spreads losses further. */
const MOST_LOOKS = 8;
const TOO_SHORT = 1.5;

/** On the finest grid that has points enough for all the composed losses. @throws PRIVACY_UNSUPPORTED */
function discretised(uses: Uses): Discretised {
  const distributions = (intervalOf: (curve: LossCurve) => number) =>
    uses.map(({ curve, times }) => ({ distribution: connectTheDots(curve, intervalOf(curve)), times }));
  let { low, high } = windowOf(distributions((it) => Math.max(FINEST_INTERVAL, (it.high - it.low) / ROUGH_POINTS)));
  for (let look = 0; look < MOST_LOOKS && Number.isFinite(high - low); look++) {
    const interval = Math.max(FINEST_INTERVAL, (high - low) / MOST_POINTS);
    const parts = distributions(() => interval);
    ({ low, high } = windowOf(parts));
    if (high - low <= TOO_SHORT * MOST_POINTS * interval) return { parts, interval, low, high };
  }
  throw broken(`reaches from ${low} to ${high}`);
}

/** Where the composed losses lie but for `TRUNCATED` on either side. */
function windowOf(parts: Parts): Window {
  return { low: -chernoff(parts, -1), high: chernoff(parts, 1) };
}

type Parts = readonly { readonly distribution: LossDistribution; readonly times: number }[];

/** min over s of (sum times * ln E[e^(s L)] - ln TRUNCATED) / s, for L or -L: nothing lies beyond but TRUNCATED. */
function chernoff(parts: Parts, sign: 1 | -1): number {
  let best = parts.reduce((sum, { distribution: d, times }) => {
    const end = sign === 1 ? d.lowest + d.masses.length - 1 : -d.lowest;
    return sum + times * end * d.interval;
  }, 0);
  for (let s = 1e-3, before = Number.POSITIVE_INFINITY; s < 1e3; s *= 1.3) {
    const moments = parts.reduce((sum, { distribution, times }) => sum + times * logMoment(distribution, sign * s), 0);
    const bound = (moments - Math.log(TRUNCATED)) / s;
    // logarithms of moments are convex in s: once it rises it falls no more
    if (bound >= before) break;
    best = Math.min(best, bound);
    before = bound;
  }
  return best;
}

/** ln E[e^(s L)] over the finite losses, about their extreme; infinite, which bounds nothing, where doubles do not reach. */
function logMoment({ interval, lowest, masses }: LossDistribution, s: number): number {
  const reference = s > 0 ? (lowest + masses.length - 1) * interval : lowest * interval;
  const factor = Math.exp(-Math.abs(s) * interval);
  let sum = 0;
  for (let k = 0; k < masses.length; k++) {
    sum = sum * factor + (masses[s > 0 ? k : masses.length - 1 - k] as number);
  }
  return sum < 1e-290 ? Number.POSITIVE_INFINITY : s * reference + Math.log(sum);
}

/** Multiplies by the transform of a distribution to the power of `times`; losses wrap around the size. */
function multiplyByPower(
  re: Float64Array,
  im: Float64Array,
  distribution: LossDistribution,
  times: number,
  transform: FourierTransform,
): void {
  const { lowest, masses } = distribution;
  const size = re.length;
  const a = new Float64Array(size);
  const b = new Float64Array(size);
  for (let k = 0; k < masses.length; k++) {
    const at = (((lowest + k) % size) + size) % size;
    a[at] = (a[at] as number) + (masses[k] as number);
  }
  transform.forward(a, b);
  for (let k = 0; k < size; k++) {
    const x = a[k] as number;
    const y = b[k] as number;
    const length = (x * x + y * y) ** (times / 2);
    if (length === 0) {
      re[k] = 0;
      im[k] = 0;
      continue;
    }
    const angle = Math.atan2(y, x) * times;
    const u = length * Math.cos(angle);
    const v = length * Math.sin(angle);
    const r = re[k] as number;
    const i = im[k] as number;
    re[k] = r * u - i * v;
    im[k] = r * v + i * u;
  }
}

/** Rotates the sequence behind a transform so that the loss `lowest` comes first. */
function shift(re: Float64Array, im: Float64Array, lowest: number): void {
  const size = re.length;
  const start = ((lowest % size) + size) % size;
  for (let k = 0; k < size; k++) {
    const angle = (2 * Math.PI * ((k * start) % size)) / size;
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    const r = re[k] as number;
    const i = im[k] as number;
    re[k] = r * cos - i * sin;
    im[k] = r * sin + i * cos;
  }
}
