import { FederationError, type Refusal, refuse } from "../../core/errors.ts";
import type { Plan } from "../../core/plan.ts";
import type { CentralPrivacy } from "../../core/plan-privacy.ts";
import { boundOf } from "../../core/privacy/accountants/accountant.ts";
import type { Private } from "../../core/privacy/private-plan.ts";
import type { Pipeline } from "../aggregation/pipeline.ts";
import type { Rule } from "../aggregation/rule.ts";
import { attemptCharge } from "./attempt-charge.ts";
import { countStdDev, sumNoiseMultiplier } from "./mechanisms/adaptive-clipping.ts";
import { isOnGrid } from "./mechanisms/grid.ts";
import { expectedCohort } from "./sampling-claim.ts";

const ACCOUNTED =
  "accepted are sampling full; fixed with adjacency replace-one, by accountant rdp; poisson with zero-out, or with " +
  "replace-one by pld; poisson with a cap and zero-out, by pld; trees by rdp";
const ACCEPTED = "accepted are FedAvg with uniform weights, TrimmedMean and CenteredClipping, without pre-aggregators";

/** L2 distance that a rule's result moves at most when one of n rows of norm at most clipNorm becomes zero. */
export function zeroOutSensitivity(rule: Rule, n: number, clipNorm: number): number {
  return rule.zeroOutSensitivity?.(n, clipNorm) ?? rule.sensitivity(n, clipNorm) / 2;
}

/**
 * Whether the plan's privacy is one that a theorem covers, for `numClients` enrolled clients and a feasible pipeline
 * (docs/privacy.md has the table of sensitivities). Refused is what has no proof, by name and before the job starts.
 * Where the clients add the noise, whatever is made of their updates is covered.
 */
export function checkPrivacy(plan: Plan, pipeline: Pipeline, numClients: number): Refusal | undefined {
  const { privacy } = plan;
  if (privacy.mode === "none") return undefined;
  const reason =
    (privacy.mode === "central" ? refusedCentral(plan, privacy, pipeline, numClients) : undefined) ??
    refusedDelta(privacy.delta, numClients) ??
    refusedCharge(plan, privacy, numClients);
  return reason === undefined ? undefined : refuse("PRIVACY_UNSUPPORTED", reason);
}

function refusedCentral(plan: Plan, privacy: CentralPrivacy, pipeline: Pipeline, numClients: number) {
  const { rule } = pipeline;
  const cohortSize = expectedCohort(plan.cohort, numClients);
  return (
    refusedAggregation(plan.aggregation.weights, pipeline, cohortSize, privacy) ??
    refusedSampling(plan.cohort, rule) ??
    refusedLevel(privacy, rule) ??
    refusedAdaptation(privacy, cohortSize) ??
    refusedGrid(privacy, cohortSize)
  );
}

function refusedAggregation(
  weights: Plan["aggregation"]["weights"],
  { preAggregators, rule }: Pipeline,
  n: number,
  { clipNorm }: CentralPrivacy,
): string | undefined {
  if (!rule.carriesCentralNoise) {
    const sensitivity = rule.sensitivity(n, clipNorm);
    return `${rule.name} has L2 sensitivity ${sensitivity} (${n} updates of norm ${clipNorm}, one replaced); ${ACCEPTED}`;
  }
  if (preAggregators.length > 0) {
    const names = preAggregators.map((it) => it.name).join(" + ");
    return `${names} before ${rule.name}: no sensitivity is proven once rows are mixed; ${ACCEPTED}`;
  }
  if (weights !== "uniform") {
    return `aggregation.weights ${weights}: the sensitivity would depend on what clients claim; ${ACCEPTED}`;
  }
  return undefined;
}

/** A sum over a public number is as sensitive however many come; whatever else looks at n needs n to be fixed. */
function refusedSampling({ sampling }: Plan["cohort"], rule: Rule): string | undefined {
  if (sampling !== "poisson" || rule.kind === "average") return undefined;
  return `cohort.sampling poisson: ${rule.name} needs a fixed number of updates; accepted are full and fixed, or FedAvg`;
}

function refusedLevel({ level }: CentralPrivacy, { kind, name }: Rule): string | undefined {
  if (level !== "production" || kind !== "combine") return undefined;
  return `privacy.level production: ${name} is no sum on an integer grid; accepted is research, or FedAvg or TrimmedMean`;
}

/** The noise on the count has to leave something for the updates, and the count has to be worth more than it. */
function refusedAdaptation(privacy: CentralPrivacy, cohortSize: number): string | undefined {
  const { adaptiveClipping, noiseMultiplier, tree } = privacy;
  if (adaptiveClipping === undefined) return undefined;
  if (tree !== undefined) {
    return "privacy.adaptiveClipping with privacy.tree: a tree is accounted for one clip norm; accepted is one of them";
  }
  const stdDev = countStdDev(adaptiveClipping, cohortSize);
  if (stdDev > noiseMultiplier / 2 && stdDev <= cohortSize) return undefined;
  const range = `accepted is more than ${noiseMultiplier / 2}, half of noiseMultiplier, up to the cohort of ${cohortSize}`;
  return `privacy.adaptiveClipping.countStdDev is ${stdDev}; ${range}`;
}

/** As the noise on the count comes close to half of the whole, that on the updates grows beyond what the grid can hold. */
function refusedGrid(privacy: CentralPrivacy, cohortSize: number): string | undefined {
  const { clipNorm, noiseMultiplier, level, adaptiveClipping } = privacy;
  if (level !== "production") return undefined;
  const multiplier = sumNoiseMultiplier(privacy, cohortSize);
  const clipNorms = [
    clipNorm,
    ...(adaptiveClipping ? [adaptiveClipping.minClipNorm, adaptiveClipping.maxClipNorm] : []),
  ];
  const tooFar = clipNorms.find((it) => !isOnGrid(it, multiplier));
  if (tooFar === undefined) return undefined;
  const what = `no grid holds a clip norm of ${tooFar} and noise of ${multiplier} times that`;
  const less = adaptiveClipping === undefined ? "" : ` or a countStdDev further above ${noiseMultiplier / 2}`;
  return `privacy.level production: ${what}; accepted is research, less noise${less}`;
}

/** A guarantee that may fail with probability 1/N allows publishing one of the N clients as it is. */
function refusedDelta(delta: number, numClients: number): string | undefined {
  if (delta <= 1 / numClients) return undefined;
  const usual = (numClients ** -1.1).toPrecision(2);
  return `privacy.delta ${delta} is above 1/${numClients}, one of the clients; accepted is less, usual is ${usual}`;
}

/** Whether the plan's accountant has a theorem for what a round will be charged. */
function refusedCharge(plan: Plan, privacy: Private, numClients: number): string | undefined {
  const charge = attemptCharge(plan, numClients);
  if (charge === undefined) return undefined;
  const accountant = privacy.mode === "central" ? privacy.accountant : undefined;
  try {
    boundOf([{ mechanism: charge.mechanism, times: charge.times ?? 1 }], privacy.delta, accountant);
    return undefined;
  } catch (error) {
    if (!(error instanceof FederationError) || error.code !== "PRIVACY_UNSUPPORTED") throw error;
    return `${named(plan.cohort, privacy)}: ${error.message}; ${ACCOUNTED}`;
  }
}

function named({ sampling }: Plan["cohort"], privacy: Private): string {
  if (privacy.mode !== "central") return `privacy.mode ${privacy.mode}`;
  const tree = privacy.tree === undefined ? "" : " and privacy.tree";
  return `cohort.sampling ${sampling} with privacy.adjacency ${privacy.adjacency}${tree}`;
}
