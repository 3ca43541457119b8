/** How many of n coins of probability p come up: P[from + i] = masses[i], and nothing elsewhere that a double could hold. */
export interface Binomial {
  readonly from: number;
  readonly masses: readonly number[];
}

/** Beyond, a mass counts as none: so many times less than that of the likeliest number. */
const NEGLIGIBLE = 1e-200;

/** From the likeliest number outwards, by ratios: about 60 standard deviations' worth of steps, however many the coins. */
export function binomial(n: number, p: number): Binomial {
  if (p === 1) return { from: n, masses: [1] };
  const odds = p / (1 - p);
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const below = outwards(mode, (i) => (mode - i) / ((n - mode + i + 1) * odds));
  const above = outwards(n - mode, (i) => ((n - mode - i) * odds) / (mode + i + 1));
  const relative = [...below.reverse(), 1, ...above];
  const total = relative.reduce((sum, mass) => sum + mass, 0);
  return { from: mode - below.length, masses: relative.map((mass) => mass / total) };
}

/** Masses beside one of 1, each the one before it times the next ratio. */
function outwards(most: number, ratio: (step: number) => number): number[] {
  const masses: number[] = [];
  for (let mass = ratio(0); masses.length < most && mass > NEGLIGIBLE; mass *= ratio(masses.length)) masses.push(mass);
  return masses;
}

/** P[Bin(n, p) >= least]. */
export function binomialTail(n: number, p: number, least: number): number {
  const { from, masses } = binomial(n, p);
  return Math.min(
    1,
    masses.reduce((sum, mass, i) => (from + i >= least ? sum + mass : sum), 0),
  );
}
