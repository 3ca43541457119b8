import { stringify } from "yaml";
import { checkFeasible, pipelineOf } from "../../../coordinator/index.ts";
import type { DataFiles } from "../../../core/data/data-files.ts";
import type { HeldDataset } from "../../../core/data/dataset.ts";
import { FederationError, isRefusal, type Refusal, refuse } from "../../../core/errors.ts";
import { isBuiltin, planFileSchema } from "../../../core/plan.ts";
import { sizeOf } from "../../../core/tensors/schema.ts";
import { isRefusedAtAdmission, staysSilent } from "../../attacks/registry.ts";
import { DAY_MS } from "../federation/lab-clock.ts";
import type { Cell } from "../scenario/cell.ts";

/** Over only once everybody is done: the lab's clock stands still until then. */
const DEADLINE_MS = DAY_MS;

/** How long a round with silent clients waits beyond its quorum, so that those count who do answer. */
const GRACE_MS = 10;

export type DataShape = Pick<HeldDataset, "inputShape" | "numClasses">;

type Pipeline = ReturnType<typeof pipelineOf>;

/**
 * The plan of a cell, as an operator would write it.
 * @param rootFiles the coordinator's own examples, where the rule reads any
 */
export function planYaml(cell: Cell, data: DataShape, rootFiles?: DataFiles) {
  const { rounds, seed, cohort, local, privacy, serverOptimizer, reputation } = cell;
  return stringify({
    job: "lab",
    model: isBuiltin(cell.model) ? { ...cell.model, ...modelShape(data) } : cell.model,
    rounds,
    seed,
    cohort,
    round: {
      quorum: quorumOf(cell),
      graceMs: isSilent(cell) ? GRACE_MS : mostQuarantined(cell) > 0 ? DEADLINE_MS : 0,
      deadlineMs: DEADLINE_MS,
      minUpdates: fewestUpdates(cell),
    },
    local,
    aggregation: { ...aggregationOf(cell), ...(rootFiles !== undefined && { rootDataset: rootFiles }) },
    privacy,
    serverOptimizer,
    ...(reputation !== undefined && { reputation }),
  });
}

/** What a built-in model takes from the data. */
export const modelShape = ({ inputShape, numClasses }: DataShape) => ({
  inputs: sizeOf(inputShape),
  classes: numClasses,
});

const { maxExamples: cap } = planFileSchema.shape.aggregation.shape;

export function aggregationOf({ defence, numByzantine, maxNorm, weights, maxExamples }: Cell) {
  const { preAggregators, rule } = defence;
  return { preAggregators, rule, numByzantine, maxNorm, weights, maxExamples: cap.parse(maxExamples) };
}

/** What the defence comes to, or why it comes to nothing. */
function pipelineFor(cell: Cell): Pipeline | Refusal {
  try {
    return pipelineOf(aggregationOf(cell));
  } catch (error) {
    if (error instanceof FederationError && error.code === "PLAN_INVALID") return refuse(error.code, error.message);
    throw error;
  }
}

/** Whether the rule compares updates with one of the coordinator's own. */
export function readsRootDataset(cell: Cell): boolean {
  const { rule } = pipelineOf(aggregationOf(cell));
  return rule.kind === "combine" && rule.needs.references?.includes("rootUpdate") === true;
}

/** Whether the defence can hold with the clients of a round. A cell that cannot run is a finding, not an accident. */
export function whyInfeasible(cell: Cell): Refusal | undefined {
  const { attack, attackers, clients, cohort, defence, reputation, rootDataset } = cell;
  if (attackers >= clients) {
    return refuse("TOO_FEW_CLIENTS", `${attackers} attackers among ${clients} clients: one has to be honest`);
  }
  if (reputation?.mode === "quarantine" && cohort.sampling === "poisson") {
    const needs = "quarantine would leave them below their quorum, so it needs cohort.sampling full or fixed";
    return refuse("PLAN_INVALID", `reputation.mode: coins draw rounds of unknown size, and ${needs}`);
  }
  const pipeline = pipelineFor(cell);
  if (isRefusal(pipeline)) return pipeline;
  if (rootDataset === undefined && readsRootDataset(cell)) {
    const needs = "it needs rootDataset, such as { examples: 100 }";
    return refuse("PLAN_INVALID", `${defence.rule.name} compares updates with one of the coordinator's own: ${needs}`);
  }
  if (attack !== null && cohort.sampling !== "full" && isSilent(cell)) {
    return refuse(
      "PLAN_INVALID",
      `${attack.name} leaves rounds of unknown size waiting: it needs cohort.sampling full`,
    );
  }
  return checkFeasible(pipeline, cohortSize(cell)) ?? checkFeasible(pipeline, fewestUpdates(cell));
}

/** How many clients a round asks at most. */
function cohortSize({ cohort, clients }: Cell): number {
  return cohort.sampling === "fixed" ? Math.min(cohort.size, clients) : clients;
}

/** Everybody is waited for, but for those who never answer, and those who are not asked any more. */
function quorumOf(cell: Cell): number {
  const silent = isSilent(cell) ? cell.attackers : 0;
  return Math.max(1, cohortSize(cell) - silent - mostQuarantined(cell));
}

const isSilent = ({ attack }: Cell): boolean => attack !== null && staysSilent(attack);

/** A round goes on without updates that never count, so long as the defence can hold with those that are left. */
function fewestUpdates(cell: Cell): number {
  if (cell.cohort.sampling === "poisson") return 1;
  // whoever is refused is found out, and whoever is silent is not: others may be in quarantine in their place
  const isRefused = cell.attack !== null && !isSilent(cell) && isRefusedAtAdmission(cell.attack);
  return isRefused ? Math.min(quorumOf(cell), Math.max(1, cohortSize(cell) - cell.attackers)) : quorumOf(cell);
}

/** By how many clients quarantine may leave a round smaller: a plan's numByzantine, less those who can be drawn instead. */
function mostQuarantined(cell: Cell): number {
  if (cell.reputation?.mode !== "quarantine") return 0;
  return Math.max(0, cell.numByzantine - (cell.clients - cohortSize(cell)));
}
