import { FederationError } from "../../core/errors.ts";
import type { Plan } from "../../core/plan.ts";
import { checkFeasible, type Pipeline, pipelineOf } from "../aggregation/pipeline.ts";
import { checkSchedule } from "../privacy/check-schedule.ts";
import { expectedCohort } from "../privacy/sampling-claim.ts";
import { checkPrivacy } from "../privacy/sensitivity.ts";
import { smallestCohort } from "./cohort.ts";
import { referencesOf } from "./reference-rows.ts";

/** Everything that can be refused is refused before the job starts. */
export function checkStart(plan: Plan, populationSize: number): void {
  const { cohort, round } = plan;
  // coins may draw fewer than any quorum: a private round of such a cohort waits for all who were drawn
  const drawsByCoin = plan.privacy.mode === "central" && cohort.sampling === "poisson";
  const needed = drawsByCoin ? 1 : Math.max(round.quorum, cohort.sampling === "fixed" ? cohort.size : 1);
  if (populationSize < needed) {
    throw new FederationError("TOO_FEW_CLIENTS", `${populationSize} clients are enrolled, the plan needs ${needed}`);
  }
  const asked = expectedCohort(cohort, populationSize);
  if (asked < round.minUpdates && !drawsByCoin) {
    const reason = `${asked} clients a round never give minUpdates ${round.minUpdates}`;
    throw new FederationError("PLAN_INVALID", `plan: cohort: ${reason}`);
  }
  const pipeline = pipelineOf(plan.aggregation);
  checkRootDataset(plan, pipeline);
  const refusal =
    checkFeasible(pipeline, smallestCohort(plan, populationSize)) ??
    checkFeasible(pipeline, Math.ceil(asked)) ??
    checkPrivacy(plan, pipeline, populationSize) ??
    checkSchedule(plan, populationSize);
  if (refusal !== undefined) throw new FederationError(refusal.refused, refusal.detail);
}

/** Read by exactly the rules that compare updates with the coordinator's own. */
function checkRootDataset({ aggregation }: Plan, pipeline: Pipeline): void {
  const isNeeded = referencesOf(pipeline).includes("rootUpdate");
  if (isNeeded === (aggregation.rootDatasetSha256 !== undefined)) return;
  const verb = isNeeded ? "needs" : "takes no";
  throw new FederationError("PLAN_INVALID", `plan: aggregation: ${pipeline.rule.name} ${verb} rootDataset`);
}
