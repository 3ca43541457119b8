import type { CombiningRule, Geometry, NextMemory, RuleInput } from "../rule.ts";
import { type CurvaturePair, hessianTimes } from "./l-bfgs.ts";
import { historyOf, onUpdates } from "./measures.ts";
import { squaredNorm } from "./squared-norm.ts";
import { upperCluster } from "./two-clusters.ts";

/** Of a pair (s, y): the least part of ||s|| ||y|| that counts as curvature. */
const LEAST_CURVATURE = 1e-8;

/**
 * FLDetector (Zhang et al. 2022, "FLDetector: Defending Federated Learning Against Model Poisoning Attacks via
 * Detecting Malicious Clients", section 4): an honest update follows from the one before by the curvature of the loss,
 *
 *     x_i(t) ~ x_i(t-1) + H (w(t) - w(t-1)),
 *
 * H being the L-BFGS matrix of the last `window` steps of the model and changes of the aggregate along them. What is
 * left over, divided by its sum over the clients, is averaged over `window` rounds: the suspicion of a client. Where the
 * gap statistic finds two clusters of suspicion, the upper one is left out of the mean.
 *
 * The steps are the released aggregates, so H is that of the paper when the server optimizer only scales them (FedAvg)
 * and an image of it otherwise. Deltas go against the gradient, so y's < 0; pairs without such curvature are skipped,
 * without which the matrix need not exist.
 *
 * Detects, and late: until clients have been predicted `window` times, and for those that join later, the rule is the
 * mean and withstands nobody. An attacker that is as predictable as the honest stays. An absent client keeps its last
 * update and its suspicion. A suspicious half or more contradicts n > 2f, and is not left out, but said. Within C rows
 * leave the result within C: sensitivity 2C.
 */
export function flDetector({
  numByzantine: f,
  window,
}: {
  readonly numByzantine: number;
  readonly window: number;
}): CombiningRule {
  return {
    kind: "combine",
    name: "FLDetector",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    sensitivity: (_n, clipNorm) => 2 * clipNorm,
    carriesCentralNoise: false,
    weighted: false,
    needs: { innerProducts: true, references: ["previousAggregate"], memory: true },
    combine: (input) => {
      const aggregates = aggregatesOf(input);
      const errors = errorsOf(input, predictionErrors(input, aggregates), window);
      const suspicion = Float64Array.from(errors, mean);
      const { suspects, remarks } = suspectsOf(errors, suspicion, input, window);
      const numTrusted = suspects.filter((it) => !it).length;
      return {
        coefficients: onUpdates(
          input.geometry,
          suspects.map((it) => (it ? 0 : 1 / numTrusted)),
        ),
        memory: remembered(input, aggregates.slice(-window), errors),
        perUpdate: { suspicion, excluded: Float64Array.from(suspects, Number) },
        remarks,
      };
    },
  };
}

const errorsName = (clientId: string) => `errors/${clientId}`;
const aggregateName = (age: number) => `aggregate/${age}`;

/** Rows of the aggregates of the rounds before, the oldest first; none in the first round. */
function aggregatesOf({ memory, references }: RuleInput): readonly number[] {
  if (memory.vectors.size === 0) return [];
  const rows = [references.get("previousAggregate") as number];
  for (let age = 1; ; age++) {
    const row = memory.vectors.get(aggregateName(age));
    if (row === undefined) return rows.reverse();
    rows.push(row);
  }
}

/**
 * Of each client, how far its update is from what was predicted, as a part of the sum over the clients; undefined where
 * there is nothing to predict from.
 */
function predictionErrors(
  { geometry, clientIds, memory }: RuleInput,
  aggregates: readonly number[],
): readonly (number | undefined)[] {
  if (aggregates.length < 2) return clientIds.map(() => undefined);
  const change = predictedChange(geometry, aggregates);
  const distances = clientIds.map((clientId, i) => {
    const before = memory.vectors.get(historyOf(clientId));
    if (before === undefined) return undefined;
    const difference = change.map((it) => -it);
    difference[i + 1] = 1;
    difference[before] = -1;
    return Math.sqrt(squaredNorm(geometry, difference));
  });
  const total = distances.reduce<number>((sum, it) => sum + (it ?? 0), 0);
  return distances.map((it) => (it === undefined || total === 0 ? it : it / total));
}

/** H (w(t) - w(t-1)), as coefficients over all rows. The model took each aggregate as a step. */
function predictedChange(geometry: Geometry, aggregates: readonly number[]): Float64Array {
  const { numRows, innerProducts } = geometry;
  const product = (a: Float64Array, b: Float64Array) =>
    aggregates.reduce((sum, i, k) => {
      const weight = a[k] as number;
      return aggregates.reduce(
        (partial, j, l) => partial + weight * (b[l] as number) * (innerProducts[i * numRows + j] as number),
        sum,
      );
    }, 0);
  const pairs: readonly CurvaturePair[] = aggregates.slice(1).map((_, k) => ({
    step: Float64Array.from(aggregates, (_, j) => (j === k ? 1 : 0)),
    change: Float64Array.from(aggregates, (_, j) => (j === k ? -1 : j === k + 1 ? 1 : 0)),
  }));
  const curved = pairs.filter(({ step, change }) => {
    const size = Math.sqrt(product(step, step)) * Math.sqrt(product(change, change));
    return -product(step, change) > LEAST_CURVATURE * size;
  });
  const step = Float64Array.from(aggregates, (_, j) => (j === aggregates.length - 1 ? 1 : 0));
  const coefficients = new Float64Array(numRows);
  for (const [k, weight] of hessianTimes(curved, step, product).entries())
    coefficients[aggregates[k] as number] = weight;
  return coefficients;
}

/** Of each client, the last `window` of its prediction errors, this round's at the end. */
function errorsOf(
  { clientIds, memory }: RuleInput,
  latest: readonly (number | undefined)[],
  window: number,
): readonly (readonly number[])[] {
  return clientIds.map((clientId, i) => {
    const error = latest[i];
    const before = memory.numbers[errorsName(clientId)] ?? [];
    return (error === undefined ? before : [...before, error]).slice(-window);
  });
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, it) => sum + it, 0) / values.length;
}

/** Who is left out. Clients that have not been predicted often enough are not judged. */
function suspectsOf(
  errors: readonly (readonly number[])[],
  suspicion: Float64Array,
  { random, clientIds }: RuleInput,
  window: number,
): { readonly suspects: readonly boolean[]; readonly remarks: readonly string[] } {
  const judged = Array.from(errors.keys()).filter((i) => errors[i]?.length === window);
  const upper = upperCluster(
    Float64Array.from(judged, (i) => suspicion[i] as number),
    random,
  );
  const suspects = new Set(judged.filter((_, k) => upper?.[k]));
  const credible = 2 * suspects.size < clientIds.length;
  return {
    suspects: clientIds.map((_, i) => credible && suspects.has(i)),
    remarks: credible ? [] : [HALF_SUSPECTED],
  };
}

const HALF_SUSPECTED = "FLDetector: half of the clients or more look suspicious, which says nothing; none is left out";

function remembered(
  { geometry, clientIds, memory }: RuleInput,
  aggregates: readonly number[],
  errors: readonly (readonly number[])[],
): NextMemory {
  const absent = [...memory.vectors].filter(([name]) => !name.startsWith("aggregate/"));
  const present = clientIds.map((clientId, i) => [historyOf(clientId), i + 1] as const);
  const steps = [...aggregates].reverse().map((row, i) => [aggregateName(i + 1), row] as const);
  const rows = new Map([...absent, ...present, ...steps]);
  const numbers = clientIds.map((clientId, i) => [errorsName(clientId), errors[i] ?? []] as const);
  return {
    vectors: new Map([...rows].map(([name, row]) => [name, only(row, geometry)])),
    numbers: { ...memory.numbers, ...Object.fromEntries(numbers) },
  };
}

function only(row: number, { numRows }: Geometry): Float64Array {
  const coefficients = new Float64Array(numRows);
  coefficients[row] = 1;
  return coefficients;
}
