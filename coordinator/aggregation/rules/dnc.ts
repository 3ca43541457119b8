import type { CombiningRule } from "../rule.ts";
import { symmetricEigen } from "./eigen.ts";
import { onUpdates } from "./measures.ts";

/** Coordinates that are held of every update. */
const MAX_SAMPLED = 1e6;
/** Of iterations size n^2, what the Gram matrices cost: a few seconds. */
const MAX_COST = 2e8;

/**
 * DnC, divide and conquer (Shejwalkar and Houmansadr 2021, "Manipulating the Byzantine"):
 * `iterations` times draw `size` coordinates, centre the updates on them, and drop the `filterFraction` * f updates
 * that reach farthest, either way, along the top right singular vector; the mean of the updates that are never dropped.
 * With A the centred n x size sample, the projections on that vector are sqrt(lambda) u for the top eigenpair
 * (lambda, u) of the n x n matrix A A'. Ties are kept in the order of the client ids.
 *
 * The count is rounded up: cut down, a fraction below 1 of one attacker would drop nobody. No bound is proven for any
 * attack; one that keeps inside the honest spread of every direction stays, and more iterations drop more honest
 * updates (all of them: zero aggregate, said so). Within C rows leave the result within C: sensitivity 2C.
 */
export function dnc({
  numByzantine: f,
  iterations,
  size,
  filterFraction,
}: {
  readonly numByzantine: number;
  readonly iterations: number;
  readonly size: number;
  readonly filterFraction: number;
}): CombiningRule {
  const numDropped = Math.ceil(filterFraction * f - 1e-9);
  return {
    kind: "combine",
    name: "DnC",
    feasible: (n) =>
      n > 2 * f && n > numDropped && iterations * size <= MAX_SAMPLED && iterations * size * n * n <= MAX_COST,
    requirement: `at least ${Math.max(2 * f, numDropped) + 1} updates (n >= 2f + 1, n > filterFraction f, f = ${f}), iterations size <= 10^6 and iterations size n^2 <= 2 10^8`,
    sensitivity: (_n, clipNorm) => 2 * clipNorm,
    carriesCentralNoise: false,
    isLong: true,
    weighted: false,
    needs: { samples: { numSets: iterations, size }, betweenUpdates: false },
    combine: ({ geometry, samples }) => {
      const n = geometry.numUpdates;
      const timesDropped = new Float64Array(n);
      for (const sample of samples) {
        for (const i of farthest(outlyingness(sample, n), numDropped))
          timesDropped[i] = (timesDropped[i] as number) + 1;
      }
      const numKept = timesDropped.filter((times) => times === 0).length;
      return {
        coefficients: onUpdates(
          geometry,
          timesDropped.map((times) => (times === 0 ? 1 / numKept : 0)),
        ),
        perUpdate: { timesDropped },
        remarks: numKept > 0 ? [] : [NONE_KEPT],
      };
    },
  };
}

const NONE_KEPT = "DnC: every update was dropped in some iteration; the aggregate is zero";

/** Squared projections of the centred rows on their top singular direction. */
function outlyingness(sample: Float32Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen(gramOfCentred(sample, n), n);
  const top = Math.max(0, values[0] as number);
  return vectors.subarray(0, n).map((u) => top * u * u);
}

/** A A' for the rows less their mean, in float64. */
function gramOfCentred(sample: Float32Array, n: number): Float64Array {
  const centred = centredRows(sample, n);
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      const product = innerProduct(centred[i] as Float64Array, centred[j] as Float64Array);
      gram[i * n + j] = product;
      gram[j * n + i] = product;
    }
  }
  return gram;
}

function centredRows(sample: Float32Array, n: number): readonly Float64Array[] {
  const size = sample.length / n;
  const mean = new Float64Array(size);
  for (const [at, value] of sample.entries()) mean[at % size] = (mean[at % size] as number) + value / n;
  return Array.from({ length: n }, (_, i) =>
    Float64Array.from(sample.subarray(i * size, (i + 1) * size), (value, k) => value - (mean[k] as number)),
  );
}

function innerProduct(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

/** Indices of the `count` greatest scores; of equal ones the last. */
function farthest(scores: Float64Array, count: number): readonly number[] {
  return Array.from(scores.keys())
    .sort((i, j) => (scores[j] as number) - (scores[i] as number) || j - i)
    .slice(0, count);
}
