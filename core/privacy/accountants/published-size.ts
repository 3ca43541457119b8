import { type Binomial, binomial } from "./binomial.ts";

/** A Poisson draw of which everybody may know how many it named: of those that came up at most `cap` are kept, uniformly. */
export interface PublishedSize {
  readonly rate: number;
  readonly population: number;
  readonly cap?: number | undefined;
  readonly sizePublished: true;
}

/** With probability `weight` the draw names this share of the population. */
export interface SizeClass {
  readonly weight: number;
  readonly share: number;
}

/** Distance of the first sizes that are kept from the expected one, in standard deviations; it grows outwards. */
const STEP = 0.5;
const GROWTH = 1.3;
/** What stands for all that is too unlikely to be added up. */
const BEYOND = 1e-180;

/**
 * The sizes of a draw, in few classes: what lies between two is divided between them so that its mean stays. Divergences
 * are convex in the share (published-size-pld.ts), so that costs no less. What is left out counts as the largest possible.
 */
export function sizeClasses({ rate, population, cap = population }: PublishedSize): readonly SizeClass[] {
  const sizes = cappedAt(cap, binomial(population, rate));
  const kept = keptSizes(sizes, population * rate, Math.sqrt(population * rate * (1 - rate)));
  const weights = kept.map(() => 0);
  let next = 0;
  sizes.masses.forEach((mass, i) => {
    const size = sizes.from + i;
    if (size > (kept[next] as number)) next++;
    const [below, above] = [kept[next - 1] ?? size, kept[next] as number];
    const toAbove = above === below ? 1 : (size - below) / (above - below);
    weights[next] = (weights[next] as number) + mass * toAbove;
    if (toAbove < 1) weights[next - 1] = (weights[next - 1] as number) + mass * (1 - toAbove);
  });
  const classes = kept.map((size, i) => ({ weight: weights[i] as number, share: size / population }));
  return [...classes, { weight: BEYOND, share: cap / population }];
}

function cappedAt(cap: number, { from, masses }: Binomial): Binomial {
  const most = Math.max(0, cap - from);
  const rest = masses.slice(most).reduce((sum, mass) => sum + mass, 0);
  return { from: Math.min(from, cap), masses: [...masses.slice(0, most), ...(rest > 0 ? [rest] : [])] };
}

/** From the smallest to the largest, and all between where they are few. */
function keptSizes({ from, masses }: Binomial, expected: number, deviation: number): readonly number[] {
  const last = from + masses.length - 1;
  const centre = Math.min(last, Math.max(from, Math.round(expected)));
  const kept = new Set([from, centre, last]);
  let distance = 0;
  for (let step = STEP * deviation; centre + distance < last || centre - distance > from; step *= GROWTH) {
    distance += Math.max(1, Math.round(step));
    kept.add(Math.max(from, centre - distance)).add(Math.min(last, centre + distance));
  }
  return [...kept].sort((a, b) => a - b);
}
