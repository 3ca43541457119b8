import { FederationError, type Refusal, refuse } from "../../../core/errors.ts";
import type { Plan } from "../../../core/plan.ts";
import type { CentralPrivacy } from "../../../core/plan-privacy.ts";
import type { PrivatePlan } from "../../../core/privacy/private-plan.ts";
import { registryListing } from "../../aggregation/registry.ts";
import { boundAfter } from "./plan-cost.ts";

/** Refuses a plan as the coordinator would, for so many enrolled clients. */
export type CheckPlan = (plan: Plan, numClients: number) => void;

/** A plan that is accepted where another one is refused, and what it takes to get there. */
export interface Alternative {
  readonly changes: readonly string[];
  readonly plan: PrivatePlan;
}

interface Change {
  /** Two changes of one key exclude each other. */
  readonly key: string;
  readonly says: string;
  plan(plan: PrivatePlan): PrivatePlan;
}

/** Why the plan is not accepted, or has no price; undefined when it is and has. */
export function refusalOf(plan: PrivatePlan, numClients: number, check: CheckPlan): Refusal | undefined {
  try {
    check(plan, numClients);
    boundAfter(plan, numClients, 1);
    return undefined;
  } catch (error) {
    if (error instanceof FederationError) return refuse(error.code, error.message);
    throw error;
  }
}

/** The nearest plans that are accepted: all those with the fewest changes, of those that any plan may take. */
export function alternativesTo(plan: PrivatePlan, numClients: number, check: CheckPlan): Alternative[] {
  const changes = changesTo(plan, numClients);
  let tried: readonly (readonly Change[])[] = [[]];
  for (let size = 1; size <= changes.length; size++) {
    tried = tried.flatMap((chosen) => extended(chosen, changes));
    const changed = tried.map((chosen) => ({
      changes: chosen.map(({ says }) => says),
      plan: chosen.reduce((it, change) => change.plan(it), plan),
    }));
    const accepted = changed.filter((it) => refusalOf(it.plan, numClients, check) === undefined);
    if (accepted.length > 0) return accepted;
  }
  return [];
}

/** By each change behind the last one chosen that none of the chosen excludes. */
function extended(chosen: readonly Change[], changes: readonly Change[]): Change[][] {
  const last = chosen.at(-1);
  return changes
    .slice(last === undefined ? 0 : changes.indexOf(last) + 1)
    .filter(({ key }) => chosen.every((it) => it.key !== key))
    .map((change) => [...chosen, change]);
}

function changesTo({ aggregation, cohort, privacy }: PrivatePlan, numClients: number): Change[] {
  const changes = changesOfAggregation(aggregation);
  if (cohort.sampling !== "full") {
    changes.push(change("cohort", "cohort: { sampling: full }", (it) => ({ ...it, cohort: { sampling: "full" } })));
  }
  if (privacy.delta > 1 / numClients) {
    const delta = Number((numClients ** -1.1).toPrecision(2));
    const plan = (it: PrivatePlan) => ({ ...it, privacy: { ...it.privacy, delta } });
    changes.push(change("delta", `privacy.delta: ${delta}`, plan));
  }
  return privacy.mode === "central" ? [...changes, ...changesOfCentral(privacy)] : changes;
}

/** The rules that carry noise, with the parameters of the catalogue's examples. */
function changesOfAggregation({ rule, preAggregators, weights }: Plan["aggregation"]): Change[] {
  const set = (key: keyof Plan["aggregation"], value: unknown, values: Partial<Plan["aggregation"]>) =>
    change(key, `aggregation.${key}: ${JSON.stringify(value)}`, (it) => ({
      ...it,
      aggregation: { ...it.aggregation, ...values },
    }));
  const rules = registryListing().filter((it) => it.carriesCentralNoise && it.name !== rule.name);
  return [
    ...rules.map(({ example }) => set("rule", example, { rule: example })),
    ...(preAggregators.length > 0 ? [set("preAggregators", [], { preAggregators: [] })] : []),
    ...(weights === "uniform" ? [] : [set("weights", "uniform", { weights: "uniform" })]),
  ];
}

function changesOfCentral({ adjacency, level, onAbsence, tree, ...rest }: CentralPrivacy): Change[] {
  const central = (key: keyof CentralPrivacy, says: string, edit: (privacy: CentralPrivacy) => CentralPrivacy) =>
    change(key, says, (it) => (it.privacy.mode === "central" ? { ...it, privacy: edit(it.privacy) } : it));
  const otherAdjacency = adjacency === "zero-out" ? "replace-one" : "zero-out";
  const otherLevel = level === "production" ? "research" : "production";
  const changes = [
    central("adjacency", `privacy.adjacency: ${otherAdjacency}`, (it) => ({ ...it, adjacency: otherAdjacency })),
    central("level", `privacy.level: ${otherLevel}`, (it) => ({ ...it, level: otherLevel })),
  ];
  if (onAbsence !== "zero") {
    changes.push(central("onAbsence", "privacy.onAbsence: zero", (it) => ({ ...it, onAbsence: "zero" })));
  }
  if (rest.accountant !== undefined && rest.accountant !== "best") {
    changes.push(central("accountant", "privacy.accountant: best", (it) => ({ ...it, accountant: "best" })));
  }
  if (tree !== undefined) changes.push(central("tree", "no privacy.tree", ({ tree: _, ...others }) => others));
  if (rest.adaptiveClipping !== undefined) {
    const fixed = ({ adaptiveClipping: _, ...others }: CentralPrivacy) => others;
    changes.push(central("adaptiveClipping", "no privacy.adaptiveClipping", fixed));
  }
  return changes;
}

function change(key: string, says: string, plan: (plan: PrivatePlan) => PrivatePlan): Change {
  return { key, says, plan };
}
