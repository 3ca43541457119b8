import { dirname, resolve } from "node:path";
import { FederationError, type Refusal } from "../../../core/errors.ts";
import { builtinSchema } from "../../../core/model/builtin.ts";
import { readLayersModel } from "../../../core/model/layers-model.ts";
import { isBuiltin, type Plan, type PlanFile, planFileSchema } from "../../../core/plan.ts";
import { contractLines } from "../../../core/privacy/contract.ts";
import { planContract } from "../../../core/privacy/plan-contract.ts";
import { isPrivate, type PrivatePlan } from "../../../core/privacy/private-plan.ts";
import { numCoordinates } from "../../../core/tensors/schema.ts";
import { parseYaml } from "../../../core/yaml-file.ts";
import type { PlanOptions } from "../../cli-privacy.ts";
import { samplingClaim } from "../sampling-claim.ts";
import { alternativesTo, type CheckPlan, refusalOf } from "./plan-alternatives.ts";
import { boundAfter, costOf, enoughNoise } from "./plan-cost.ts";
import { noiseOf } from "./plan-noise.ts";
import { alternativeLines, planLines } from "./tell-plan.ts";

export interface PlanCommandParts {
  readonly check: CheckPlan;
  print(line: string): void;
  warn(line: string): void;
}

/**
 * `holdfast privacy plan`: what a job of the plan would cost, or what is accepted where it is refused.
 * @throws PLAN_INVALID; FILE_MISSING, MODEL_FILE_INVALID for its model; the plan's refusal once the rest is printed
 */
export async function tellPlanCost(planYaml: string, options: PlanOptions, parts: PlanCommandParts): Promise<void> {
  const file = parseYaml(planYaml, planFileSchema, "plan", "PLAN_INVALID");
  const plan = planOf(file);
  const numClients = options.population ?? fewestClients(plan);
  if (options.population === undefined) {
    parts.warn(
      `note: for ${numClients} clients, the fewest that the plan can start with; --population says another number`,
    );
  }
  if (!isPrivate(plan)) return tellNothing(plan, options, parts);
  const refusal = refusalOf(plan, numClients, parts.check);
  if (refusal !== undefined) return tellRefusal(plan, numClients, refusal, options, parts);
  tellCost(plan, numClients, await sizeOfModel(file, options.plan), options, parts);
}

/** The files that a plan names beside its model cost nothing and need not be here. */
function planOf({ evaluation: _, ...file }: PlanFile): Plan {
  const { rootDataset, ...aggregation } = file.aggregation;
  return { ...file, aggregation: { ...aggregation, ...(rootDataset !== undefined && { rootDatasetSha256: "" }) } };
}

async function sizeOfModel({ model }: PlanFile, planPath: string): Promise<number> {
  if (isBuiltin(model)) return numCoordinates(builtinSchema(model));
  return numCoordinates((await readLayersModel(resolve(dirname(planPath), model.layers))).schema);
}

/** With fewer, no round could get the updates that it waits for. */
function fewestClients({ cohort, round }: Plan): number {
  switch (cohort.sampling) {
    case "full":
      return round.quorum;
    case "fixed":
      return Math.max(round.quorum, cohort.size);
    case "poisson":
      return Math.ceil(round.quorum / cohort.rate);
  }
}

function tellNothing({ job }: Plan, { json }: PlanOptions, { print }: PlanCommandParts): void {
  if (json) print(JSON.stringify({ job, mode: "none", epsilon: null }));
  else print(`job              ${job}, no privacy: nothing is claimed, and no noise is added`);
}

function tellCost(
  plan: PrivatePlan,
  numClients: number,
  numWeights: number,
  { json }: PlanOptions,
  { print }: PlanCommandParts,
): void {
  const cost = costOf(plan, numClients);
  const noise = noiseOf(plan, numClients, numWeights);
  const { forfeited } = samplingClaim(plan, numClients);
  const enough = cost.affordableRounds < plan.rounds ? enoughNoise(plan, numClients) : undefined;
  const { round, bound } = cost.last;
  const contract = planContract(plan, cost.mechanism, round, bound);
  if (!json) {
    for (const line of [...planLines(plan, { cost, noise, forfeited, enough }), ...contractLines(contract)])
      print(line);
    return;
  }
  const { job, privacy } = plan;
  const { mode, delta, maxEpsilon } = privacy;
  const byRound = cost.byRound.map(({ round, bound: { epsilon, accountant } }) => ({ round, epsilon, accountant }));
  const { affordableRounds } = cost;
  const told = { job, mode, population: numClients, delta, maxEpsilon, byRound, affordableRounds };
  print(
    JSON.stringify({
      ...told,
      enoughNoise: enough ?? null,
      noise: noise ?? null,
      forfeited: forfeited ?? null,
      contract,
    }),
  );
}

function tellRefusal(
  plan: PrivatePlan,
  numClients: number,
  { refused, detail }: Refusal,
  { json }: PlanOptions,
  { check, print }: PlanCommandParts,
): never {
  const accepted = alternativesTo(plan, numClients, check).map((it) => ({
    changes: it.changes,
    epsilon: boundAfter(it.plan, numClients, it.plan.rounds).epsilon,
    noiseFactor: noiseOf(it.plan, numClients, 1)?.timesThatOfMean ?? null,
  }));
  if (json) print(JSON.stringify({ job: plan.job, refused: { code: refused, detail }, accepted }));
  else for (const line of alternativeLines(plan, accepted)) print(line);
  throw new FederationError(refused, detail);
}
