import { gaussian } from "../../core/random/gaussian.ts";
import { permutation, type Random } from "../../core/random/random.ts";
import { atLeast, type Partition } from "./partition.ts";

/**
 * Label skew (Hsu, Qi and Brown 2019, section 3, in its per-class form): the examples of each class are shared out
 * by proportions drawn from a symmetric Dirichlet distribution over the clients. Small alpha gives clients of few
 * classes, large alpha approaches iid.
 *
 * @param labels one class per example
 * @param minimum examples that every client holds at least
 */
export function dirichlet(
  labels: Uint8Array,
  { numClients, alpha, minimum }: { readonly numClients: number; readonly alpha: number; readonly minimum: number },
  random: Random,
): Partition {
  const normal = gaussian(random);
  const shares: number[][] = Array.from({ length: numClients }, () => []);
  for (const members of shuffledClasses(labels, random)) {
    const proportions = dirichletProportions(numClients, alpha, normal, random);
    let cumulative = 0;
    let start = 0;
    proportions.forEach((proportion, client) => {
      cumulative += proportion;
      const end = client === numClients - 1 ? members.length : Math.round(cumulative * members.length);
      for (const example of members.slice(start, end)) shares[client]?.push(example);
      start = end;
    });
  }
  return atLeast(shares, minimum);
}

/** The examples of each class, by class, each in random order. */
function shuffledClasses(labels: Uint8Array, random: Random): number[][] {
  const classes: number[][] = [];
  for (const example of permutation(random, labels.length)) {
    const label = labels[example] as number;
    while (classes.length <= label) classes.push([]);
    classes[label]?.push(example);
  }
  return classes;
}

/** One draw of Dir(alpha, ..., alpha): gamma variates over their sum, kept as logarithms so that none is lost at 0. */
function dirichletProportions(n: number, alpha: number, normal: () => number, random: Random): number[] {
  const logs = Array.from({ length: n }, () => logGamma(alpha, normal, random));
  const largest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * The logarithm of a Gamma(alpha, 1) variate: Marsaglia and Tsang 2000, "A simple method for generating gamma
 * variables", on alpha + 1 and brought back by U^(1 / alpha) (their section 6).
 */
function logGamma(alpha: number, normal: () => number, random: Random): number {
  const d = alpha + 1 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0 || Math.log(1 - random.uniform()) >= 0.5 * x * x + d - d * v + d * Math.log(v)) continue;
    return Math.log(d * v) + Math.log(1 - random.uniform()) / alpha;
  }
}
